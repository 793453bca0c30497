import { PipelineError } from '../../src/contracts/errors.ts';
import type { SessionHint } from '../../src/contracts/events.ts';
import type { ImagingArchive } from '../../src/ports/archive.ts';
import type {
  Clock,
  CredentialIssuer,
  EventPublisher,
  HintQueue,
  JobDescription,
  JobQueue,
  LogReader,
  Ports,
  SecretReader,
  WorkflowEngine,
} from '../../src/ports/index.ts';
import { createMemoryObjectStore, type MemoryObjectStore, sha256Hex } from './memory-object-store.ts';
import { createMemoryRecordStore, type MemoryRecordStore } from './memory-record-store.ts';

export interface MemoryClock extends Clock {
  /** Lets time pass. */
  advance(milliseconds: number): void;
}

export function createMemoryClock(start = '2026-01-01T00:00:00.000Z'): MemoryClock {
  let time = Date.parse(start);
  return {
    now: () => new Date(time),
    advance: (milliseconds) => {
      time += milliseconds;
    },
  };
}

export interface MemoryExecution {
  machine: string;
  name: string;
  input: unknown;
  executionArn: string;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  error: string | null;
  cause: string | null;
  output: string | null;
  startedAt: string;
  stoppedAt: string | null;
  stopReason: string | null;
}

export interface MemoryWorkflows extends WorkflowEngine {
  readonly executions: MemoryExecution[];
  /** The next start throws this. */
  failNextStart(error: Error): void;
}

function createMemoryWorkflows(clock: Clock): MemoryWorkflows {
  const executions: MemoryExecution[] = [];
  let failure: Error | null = null;
  const arnOf = (machine: string, name: string): string =>
    `arn:aws:states:eu-west-1:123456789012:execution:${machine}:${name}`;
  const find = (arn: string): MemoryExecution | undefined =>
    executions.find(({ executionArn }) => executionArn === arn);
  return {
    executions,
    failNextStart: (error) => {
      failure = error;
    },
    arnOf,
    async start(machine, name, input) {
      if (failure) {
        const error = failure;
        failure = null;
        throw error;
      }
      const executionArn = arnOf(machine, name);
      if (find(executionArn)) return { executionArn, startedNow: false };
      const started = { status: 'RUNNING', startedAt: clock.now().toISOString() } as const;
      const open = { error: null, cause: null, output: null, stoppedAt: null, stopReason: null };
      executions.push({ machine, name, input, executionArn, ...started, ...open });
      return { executionArn, startedNow: true };
    },
    async stop(executionArn, reason) {
      const execution = find(executionArn);
      if (execution?.status !== 'RUNNING') return;
      Object.assign(execution, {
        status: 'ABORTED',
        stopReason: reason,
        stoppedAt: clock.now().toISOString(),
      });
    },
    async describe(executionArn) {
      const found = find(executionArn);
      if (!found) return null;
      const { status, error, cause, output, startedAt, stoppedAt } = found;
      return { status, error, cause, output, startedAt, stoppedAt };
    },
  };
}

export interface MemoryPorts extends Ports {
  records: MemoryRecordStore;
  objects: MemoryObjectStore;
  clock: MemoryClock;
  hints: HintQueue & { readonly sent: { hint: SessionHint; delaySeconds: number }[] };
  workflows: MemoryWorkflows;
  jobs: JobQueue & { readonly known: Map<string, JobDescription>; readonly terminated: string[] };
  events: EventPublisher & { readonly published: { detailType: string; detail: Record<string, unknown> }[] };
  secrets: SecretReader & { readonly known: Map<string, string[]> };
  credentials: CredentialIssuer & { readonly issued: Parameters<CredentialIssuer['issue']>[0][] };
  archives: Ports['archives'] & { readonly known: Map<string, ImagingArchive> };
  logs: LogReader & { readonly streams: Map<string, { time: string; text: string }[]> };
}

/** Every port in memory, each with a way to look inside. */
export function createMemoryPorts(start?: string): MemoryPorts {
  const clock = createMemoryClock(start);
  return {
    clock,
    records: createMemoryRecordStore(clock),
    objects: createMemoryObjectStore(() => clock.now().toISOString()),
    workflows: createMemoryWorkflows(clock),
    ids: createCountingIds(),
    hasher: { sha256: sha256Hex },
    trainingHosts: [
      { instanceType: 'g6.2xlarge', usdPerHour: 0.9776 },
      { instanceType: 'g6e.2xlarge', usdPerHour: 2.2421 },
    ],
    ...createRecorders(),
    ...createLookUps(),
  };
}

function createCountingIds(): Ports['ids'] {
  let counter = 0;
  return {
    next(prefix) {
      counter += 1;
      return `${prefix}-${String(counter).padStart(6, '0')}`;
    },
  };
}

function createRecorders(): Pick<MemoryPorts, 'hints' | 'events' | 'credentials'> {
  const sent: MemoryPorts['hints']['sent'] = [];
  const published: MemoryPorts['events']['published'] = [];
  const issued: MemoryPorts['credentials']['issued'] = [];
  return {
    hints: { sent, send: async (hint, delaySeconds = 0) => void sent.push({ hint, delaySeconds }) },
    events: { published, publish: async (detailType, detail) => void published.push({ detailType, detail }) },
    credentials: {
      issued,
      async issue(scope) {
        issued.push(scope);
        const expiration = '2026-01-01T01:00:00.000Z';
        return { accessKeyId: 'ASIA', secretAccessKey: 'secret', sessionToken: 'token', expiration };
      },
    },
  };
}

function createLookUps(): Pick<MemoryPorts, 'jobs' | 'logs' | 'secrets' | 'archives'> {
  const jobs = new Map<string, JobDescription>();
  const terminated: string[] = [];
  const streams = new Map<string, { time: string; text: string }[]>();
  const secrets = new Map<string, string[]>();
  const archives = new Map<string, ImagingArchive>();
  return {
    jobs: {
      known: jobs,
      terminated,
      describe: async (jobId) => jobs.get(jobId) ?? null,
      terminate: async (jobId) => void terminated.push(jobId),
    },
    logs: {
      streams,
      async read(stream, token, limit) {
        const from = token === null ? 0 : Number(token);
        const lines = (streams.get(stream) ?? []).slice(from, from + limit);
        return { lines, next: String(from + lines.length) };
      },
    },
    secrets: { known: secrets, webhookSecrets: async (id) => secrets.get(id) ?? notConfigured(id) },
    archives: {
      known: archives,
      open: async (id) => archives.get(id) ?? notConfigured(id),
      ids: async () => [...archives.keys()],
    },
  };
}

function notConfigured(archiveId: string): never {
  throw new PipelineError('NotFound', `there is no archive "${archiveId}"`, { archiveId });
}
