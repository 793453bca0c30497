/** Runs one target in a thread of its own, so that a hang or an exhausted heap can be ended and its input kept. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { PipelineError } from '../../src/contracts/errors.ts';
import { MAX_INPUT_BYTES, mutate } from './mutate.ts';
import { FuzzRandom } from './random.ts';
import { TARGETS, type TargetName } from './targets.ts';

export interface FuzzJob {
  readonly target: TargetName;
  readonly seed: number;
  readonly untilMs: number;
  readonly executions: number;
  /** [0] executions so far, [1] length of the input being tried, then the input itself. */
  readonly shared: SharedArrayBuffer;
}

export interface FuzzFinding {
  readonly kind: 'crash' | 'slow' | 'memory';
  readonly message: string;
  readonly input: Uint8Array;
}

export interface FuzzReport {
  readonly executions: number;
  /** Times each code was given; `accepted` when the input was read. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  readonly largestBuffersMb: number;
  readonly findings: readonly FuzzFinding[];
}

/** Of processor time, which a busy machine does not stretch. */
const SLOW_MS = 2000;
const MEMORY_CAP_MB = 512;
const CORPUS_LIMIT = 2000;
/** What is kept counts as held by the reader, so it must stay far below the cap. */
const CORPUS_BYTES = 32 * 2 ** 20;
const FINDINGS_LIMIT = 20;
const CHECK_EVERY = 64;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

class Fuzzer {
  readonly #job: FuzzJob;
  readonly #random: FuzzRandom;
  readonly #seeds: readonly Uint8Array[];
  readonly #corpus: Uint8Array[];
  readonly #seen = new Set<string>();
  readonly #outcomes = new Map<string, number>();
  readonly #findings: FuzzFinding[] = [];
  #corpusBytes = 0;
  #slowestMs = 0;
  #largestMb = 0;

  constructor(job: FuzzJob, seeds: readonly Uint8Array[]) {
    this.#job = job;
    this.#random = new FuzzRandom(job.seed);
    this.#seeds = seeds;
    this.#corpus = [...seeds];
  }

  async run(read: (input: Uint8Array) => void, dictionary: readonly Uint8Array[]): Promise<FuzzReport> {
    const counter = new Int32Array(this.#job.shared, 0, 2);
    let executions = 0;
    for (const seed of this.#seeds) await this.#try(seed, read, executions++);
    while (executions < this.#job.executions && this.#findings.length < FINDINGS_LIMIT) {
      if (executions % CHECK_EVERY === 0 && Date.now() > this.#job.untilMs) break;
      const base = this.#random.pick(this.#random.below(2) === 0 ? this.#seeds : this.#corpus);
      const input = mutate(base, this.#random.pick(this.#corpus), dictionary, this.#random);
      await this.#try(input, read, executions++);
      Atomics.store(counter, 0, executions);
    }
    return {
      executions,
      outcomes: Object.fromEntries([...this.#outcomes].sort(([, a], [, b]) => b - a)),
      slowestMs: this.#slowestMs,
      largestBuffersMb: this.#largestMb,
      findings: this.#findings,
    };
  }

  async #try(input: Uint8Array, read: (input: Uint8Array) => void, execution: number): Promise<void> {
    this.#publish(input);
    const started = process.threadCpuUsage();
    const outcome = this.#outcomeOf(input, read);
    const { user, system } = process.threadCpuUsage(started);
    const ms = (user + system) / 1000;
    this.#slowestMs = Math.max(this.#slowestMs, ms);
    if (ms > SLOW_MS) this.#report('slow', `took ${ms.toFixed(0)} ms`, input);
    if (execution % CHECK_EVERY === 0 || ms > 20) await this.#checkMemory(input, read);
    this.#outcomes.set(outcome.code, (this.#outcomes.get(outcome.code) ?? 0) + 1);
    // An answer never given before means that a new part of the reader was reached: keep what led there.
    if (this.#seen.has(outcome.signature) || this.#corpus.length >= CORPUS_LIMIT) return;
    if (this.#corpusBytes + input.length > CORPUS_BYTES) return;
    this.#seen.add(outcome.signature);
    this.#corpus.push(input.slice());
    this.#corpusBytes += input.length;
  }

  #outcomeOf(input: Uint8Array, read: (input: Uint8Array) => void): { code: string; signature: string } {
    try {
      read(input);
      return { code: 'accepted', signature: `accepted ${Math.round(Math.log2(input.length + 1))}` };
    } catch (error) {
      if (error instanceof PipelineError && error.code !== 'InternalError') {
        return {
          code: error.code,
          signature: `${error.code} ${error.message.replace(/[\d.,-]+/g, '#').slice(0, 120)}`,
        };
      }
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#report('crash', text, input);
      return { code: 'crash', signature: `crash ${text.slice(0, 200)}` };
    }
  }

  #publish(input: Uint8Array): void {
    const { shared } = this.#job;
    new Uint8Array(shared, 8).set(input.subarray(0, MAX_INPUT_BYTES));
    Atomics.store(new Int32Array(shared, 0, 2), 1, input.length);
  }

  /** Buffers that wait for the garbage collector are no finding: what is over the cap is tried again without them. */
  async #checkMemory(input: Uint8Array, read: (input: Uint8Array) => void): Promise<void> {
    if (buffersMb() > MEMORY_CAP_MB / 2) {
      // What zlib holds is let go between two turns of the event loop.
      await nextTurn();
      collectGarbage();
      await nextTurn();
      const held = buffersMb();
      if (held > MEMORY_CAP_MB) this.#report('memory', `buffers of ${held.toFixed(0)} MiB are held`, input);
      this.#outcomeOf(input, read);
    }
    const mb = buffersMb();
    this.#largestMb = Math.max(this.#largestMb, mb);
    if (mb > MEMORY_CAP_MB) this.#report('memory', `buffers of ${mb.toFixed(0)} MiB were made`, input);
  }

  /** One finding per place: the same stack again says nothing new. */
  #report(kind: FuzzFinding['kind'], message: string, input: Uint8Array): void {
    const signature = message
      .split('\n')
      .slice(0, 3)
      .join('\n')
      .replace(/\d+ ms|\d+ MiB/, '#');
    if (this.#findings.some((finding) => finding.message.startsWith(signature.slice(0, 80)))) return;
    this.#findings.push({ kind, message, input: input.slice() });
  }
}

function buffersMb(): number {
  return process.memoryUsage().arrayBuffers / 2 ** 20;
}

const job = workerData as FuzzJob;
const target = TARGETS[job.target];
const read = await target.prepare();
parentPort?.postMessage(await new Fuzzer(job, await target.seeds()).run(read, target.dictionary));
