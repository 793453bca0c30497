import { objectKeys } from '../../contracts/object-keys.ts';
import { MetricLine } from '../../contracts/training.ts';
import { inParallel } from '../../pipeline/in-parallel.ts';
import { requireRecord } from '../../pipeline/require-record.ts';
import type { ApiPorts, Call, Handlers } from '../call.ts';

const METRICS_WINDOW_BYTES = 512 * 1024;
const LOG_LINES = 200;
const LINK_SECONDS = 3_600;
const MAX_EVENT_FILES = 1_000;
const CONCURRENCY = 8;
const NEWLINE = 0x0a;

export const runOutputOperations: Handlers<
  'getRunMetrics' | 'getRunLogs' | 'listEventFiles' | 'listCheckpoints'
> = {
  getRunMetrics,
  async getRunLogs({ path, request }, { records, logs }) {
    const { logStreamName } = await requireRecord(records, 'run', path.project, path.runId);
    return logStreamName
      ? logs.read(logStreamName, request.token ?? null, request.limit ?? LOG_LINES)
      : { lines: [], next: null };
  },
  listEventFiles,
  async listCheckpoints({ path: { project, runId } }, { records }) {
    await requireRecord(records, 'run', project, runId);
    const ids = await records.linked(project, { entity: 'run', id: runId }, 'checkpoint');
    const items = await inParallel(ids, CONCURRENCY, (id) =>
      requireRecord(records, 'checkpoint', project, id),
    );
    return { items, next: null };
  },
};

/** Whole lines only: a line that is still being written waits for the next call. */
async function getRunMetrics(
  { path: { project, runId }, request: { after } }: Call<'getRunMetrics'>,
  { records, objects }: ApiPorts,
) {
  await requireRecord(records, 'run', project, runId);
  const key = objectKeys.trainingMetrics(project, runId);
  const stored = await objects.stat(key);
  if (!stored) {
    return { lines: [], next: 0 };
  }
  // A resumed run may have cut its metrics back to its checkpoint: start over.
  const from = after > stored.sizeBytes ? 0 : after;
  const to = Math.min(stored.sizeBytes, from + METRICS_WINDOW_BYTES);
  const bytes = to > from ? await objects.readRange(key, from, to) : new Uint8Array();
  const complete = bytes.lastIndexOf(NEWLINE) + 1;
  return { lines: metricLines(bytes.subarray(0, complete)), next: from + complete };
}

function metricLines(bytes: Uint8Array): MetricLine[] {
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .flatMap((text) => {
      const parsed = MetricLine.safeParse(parseOrNull(text));
      return parsed.success ? [parsed.data] : [];
    });
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function listEventFiles(
  { path: { project, runId } }: Call<'listEventFiles'>,
  { records, objects }: ApiPorts,
) {
  await requireRecord(records, 'run', project, runId);
  const prefix = objectKeys.tensorboardPrefix(project, runId);
  const found = await objects.list(prefix, MAX_EVENT_FILES);
  const files = await inParallel(found, CONCURRENCY, async ({ key, sizeBytes, modifiedAt }) => ({
    name: key.slice(prefix.length),
    sizeBytes,
    modifiedAt,
    url: await objects.presignGet(key, LINK_SECONDS),
  }));
  return { files };
}
