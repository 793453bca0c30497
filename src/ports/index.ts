import type { SessionHint } from '../contracts/events.ts';
import type { HostPrice } from '../contracts/host-prices.ts';
import type { ObjectKey, ObjectRef } from '../contracts/identifiers.ts';
import type { Entity, RecordOf, SessionRecord } from '../contracts/records.ts';
import type { ImagingArchive } from './archive.ts';

/** An object that is written while it is made. Exactly one of `finish` and `abort` ends it. */
export interface BlobUpload {
  /** Resolves when the bytes may be used again. */
  write(bytes: Uint8Array): Promise<void>;
  /** Only now is anything there for others to see. */
  finish(): Promise<ObjectRef>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

/** Objects of the data bucket. Immutable things are written with If-None-Match and never change. */
export interface ObjectStore {
  /** @throws NotFound when there is no such object; DigestMismatch when `ref` says another digest. */
  read(ref: ObjectRef | { key: ObjectKey }): Promise<Uint8Array>;
  readRange(key: ObjectKey, from: number, toExclusive: number): Promise<Uint8Array>;
  /**
   * Fills `target`, which has `ref.sizeBytes` bytes and may be shared memory.
   * @throws NotFound, DigestMismatch
   */
  readInto(ref: ObjectRef, target: Uint8Array): Promise<void>;
  /** Writes or overwrites. */
  write(key: ObjectKey, bytes: Uint8Array, contentType?: string): Promise<ObjectRef>;
  /** Writes once: an object that is already there with the same bytes is success, with others Conflict. */
  writeOnce(key: ObjectKey, bytes: Uint8Array, contentType?: string): Promise<ObjectRef>;
  /** Stores bytes under their own digest in the project's blobs; the same bytes twice are one object. */
  writeBlob(project: string, bytes: Uint8Array, contentType?: string): Promise<ObjectRef>;
  /**
   * Begins a blob whose bytes are not known yet: a large one is sent in parts while it is made.
   * @param temporaryKey - a working file that nothing else writes; its bytes become the blob in the end
   */
  openBlob(project: string, temporaryKey: ObjectKey, contentType?: string): Promise<BlobUpload>;
  /** Server-side copy, for files too big to pass through. */
  copy(from: ObjectKey, to: ObjectKey): Promise<void>;
  stat(key: ObjectKey): Promise<{ sizeBytes: number } | null>;
  list(prefix: string, limit?: number): Promise<{ key: ObjectKey; sizeBytes: number; modifiedAt: string }[]>;
  presignGet(key: ObjectKey, seconds: number, downloadName?: string): Promise<string>;
  presignPut(key: ObjectKey, seconds: number, sizeBytes: number): Promise<string>;
}

type Fresh<R> = Omit<R, 'revision' | 'createdAt' | 'updatedAt' | 'schemaVersion'>;
export type NewRecord<E extends Entity> = Fresh<RecordOf<E>>;

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** One way of an execution through its session: what it was leased for, and until when it may be leased again. */
export interface PreparedPass {
  readonly generation: number;
  readonly uploadManifestKey: string | null;
  readonly keepUntil: string;
}

/** Records of the single table. Every method maps to one DynamoDB call; there is no scan. */
export interface RecordStore {
  get<E extends Entity>(entity: E, project: string, id: string): Promise<RecordOf<E> | null>;
  /** @throws Conflict when the id exists. */
  create<E extends Entity>(record: NewRecord<E> & { entity: E }): Promise<RecordOf<E>>;
  /** Reads, applies and writes under the revision read; repeats when another writer was faster. `change` returns null for "leave it". */
  update<E extends Entity>(
    entity: E,
    project: string,
    id: string,
    change: (current: RecordOf<E>) => RecordOf<E> | null,
  ): Promise<RecordOf<E>>;
  list<E extends Entity>(
    entity: E,
    project: string,
    options?: { state?: string; limit?: number; cursor?: string; newestFirst?: boolean },
  ): Promise<Page<RecordOf<E>>>;
  /** All projects (kept under one index partition). */
  listProjects(options?: { limit?: number; cursor?: string }): Promise<Page<RecordOf<'project'>>>;
  /** Adds the reverse edge `from -> to`, e.g. case -> dataset. Idempotent. */
  link(
    project: string,
    from: { entity: string; id: string },
    to: { entity: Entity; id: string },
  ): Promise<void>;
  linked(project: string, from: { entity: string; id: string }, entity: Entity): Promise<string[]>;
  delete<E extends Entity>(entity: E, project: string, id: string): Promise<void>;

  /** Takes a hint: raises the session's generation, unless its delivery id was seen. One transaction. */
  raiseGeneration(hint: SessionHint): Promise<{ session: SessionRecord; seenBefore: boolean }>;
  /**
   * Leases the session to `execution` when it is free, or its lease has expired, and there is something new to do.
   * `generation` and `attempt` are those that the execution was named by: refused when they have moved since.
   */
  leaseSession(lease: {
    project: string;
    sessionRecordId: string;
    execution: string;
    generation: number;
    attempt: number;
    now: string;
    expiresAt: string;
  }): Promise<boolean>;
  /**
   * Ends the lease of `execution`. False when it no longer holds it. `finishedGeneration` marks it as prepared, or null
   * when it failed. With `pass`, an execution that is not over keeps the lease when the session changed meanwhile or
   * another upload of it waits: then the session comes back leased to it.
   */
  releaseSession(release: {
    project: string;
    sessionRecordId: string;
    execution: string;
    finishedGeneration: number | null;
    pass?: PreparedPass;
  }): Promise<{ released: boolean; session: SessionRecord }>;
}

export interface HintQueue {
  send(hint: SessionHint, delaySeconds?: number): Promise<void>;
}

/** State machines, by name. A same-name start with equal input is the same success. */
export interface WorkflowEngine {
  start(
    machine: string,
    name: string,
    input: unknown,
  ): Promise<{ executionArn: string; startedNow: boolean }>;
  stop(executionArn: string, reason: string): Promise<void>;
  describe(executionArn: string): Promise<{
    status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
    error: string | null;
    cause: string | null;
    output: string | null;
    startedAt: string;
    stoppedAt: string | null;
  } | null>;
  /** ARN of the execution of that name, whether or not it exists. */
  arnOf(machine: string, name: string): string;
}

export interface JobDescription {
  jobId: string;
  status: 'SUBMITTED' | 'PENDING' | 'RUNNABLE' | 'STARTING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  statusReason: string | null;
  jobDefinition: string;
  parameters: Record<string, string>;
  logStreamName: string | null;
  exitCode: number | null;
  attempts: number;
}
export interface JobQueue {
  describe(jobId: string): Promise<JobDescription | null>;
  terminate(jobId: string, reason: string): Promise<void>;
}

export interface LogReader {
  /** Lines of a stream after `token`, oldest first. */
  read(
    stream: string,
    token: string | null,
    limit: number,
  ): Promise<{ lines: { time: string; text: string }[]; next: string | null }>;
}

export interface EventPublisher {
  publish(detailType: string, detail: Record<string, unknown>): Promise<void>;
}

/** Webhook secrets: current and, while rotating, previous. */
export interface SecretReader {
  /**
   * May answer from a cache; `refresh` asks for newer ones, when none of the known secrets fitted.
   * @throws NotFound for an archive that is not configured.
   */
  webhookSecrets(archiveId: string, options?: { refresh?: boolean }): Promise<string[]>;
}

export interface CredentialIssuer {
  /** Short-lived credentials that may read and write below these prefixes of the data bucket and nothing else. */
  issue(scope: { sessionName: string; readPrefixes: string[]; writePrefixes: string[] }): Promise<{
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken: string;
    expiration: string;
  }>;
}

export interface Clock {
  now(): Date;
}
export interface IdSource {
  /** A new id, sortable by time: `prefix-` and lower-case base 32. */
  next(prefix: string): string;
}
/** SHA-256 of bytes as lower-case hexadecimal: the one primitive that digests need and `src/` may not import. */
export interface Hasher {
  sha256(bytes: Uint8Array | string): string;
}

export interface Archives {
  /** @throws NotFound for an archive that is not configured. */
  open(archiveId: string): Promise<ImagingArchive>;
  ids(): Promise<string[]>;
}

export interface Ports {
  objects: ObjectStore;
  records: RecordStore;
  hints: HintQueue;
  workflows: WorkflowEngine;
  jobs: JobQueue;
  logs: LogReader;
  events: EventPublisher;
  secrets: SecretReader;
  credentials: CredentialIssuer;
  archives: Archives;
  clock: Clock;
  ids: IdSource;
  hasher: Hasher;
  /** What the training queue may start, at least one. */
  trainingHosts: readonly HostPrice[];
}
