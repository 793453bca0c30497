import { afterEach, describe, expect, it } from '@jest/globals';
import { PipelineError } from '../../../src/contracts/errors.ts';
import type { JobName } from '../../../src/engine/jobs.ts';
import { packError, unpackError } from '../../../src/engine/portable-error.ts';
import { runJob, tasksAhead } from '../../../src/engine/run-job.ts';
import { serveTasks } from '../../../src/engine/serve-tasks.ts';
import { poolSize, warmUp } from '../../../src/engine/worker-pool.ts';
import type { FromWorker } from '../../../src/engine/worker-protocol.ts';
import { codeOf } from './code-of.ts';

const FILES = Array.from({ length: 40 }, (_, n) => [Uint8Array.of(n), Uint8Array.of(n, n)]);

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

describe('runJob', () => {
  it('gives results in the order of the tasks, on any number of threads', async () => {
    const here = await collect(runJob('digest', null, FILES, { workers: 0 }));
    expect(here[0]?.[0]).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    for (const workers of [1, 3]) {
      expect(await collect(runJob('digest', null, FILES, { workers }))).toEqual(here);
    }
  });

  it('hands out tasks only as results are taken', async () => {
    let taken = 0;
    function* tasks() {
      for (const task of FILES) {
        taken += 1;
        yield task;
      }
    }
    const results = runJob('digest', null, tasks(), { workers: 2 });
    await results.next();
    expect(taken).toBe(tasksAhead(2));
    await results.next();
    expect(taken).toBe(tasksAhead(2) + 1);
    await results.return(undefined);
    expect(taken).toBe(tasksAhead(2) + 1);
  });

  it('does tasks on this thread as well when it is told to, in the same order', async () => {
    const expected = await collect(runJob('digest', null, FILES, { workers: 0 }));
    for (const workers of [1, 2]) {
      expect(await collect(runJob('digest', null, FILES, { workers, here: true }))).toEqual(expected);
    }
  });

  it('does all of them though another run takes all the room that the threads have', async () => {
    const expected = await collect(runJob('digest', null, FILES, { workers: 0 }));
    const large = Array.from({ length: 4 }, () => [new Uint8Array(1 << 26)]);
    const other = runJob('digest', null, large, { workers: 1 });
    const first = other.next();
    expect(await collect(runJob('digest', null, FILES, { workers: 1, here: true }))).toEqual(expected);
    await first;
    await other.return(undefined);
  });

  it('reports an error of this thread when its turn comes, after all results before it', async () => {
    const wrong = 42 as unknown as Uint8Array;
    const tasks = FILES.map((file, n) => (n < 20 ? file : [wrong]));
    const taken: unknown[] = [];
    const run = async () => {
      for await (const result of runJob('digest', null, tasks, { workers: 1, here: true }))
        taken.push(result);
    };
    await expect(run()).rejects.toThrow();
    expect(taken).toHaveLength(20);
  });

  it('moves what it is told to move', async () => {
    const bytes = new Uint8Array(1000);
    const task = { bytes, isLast: true };
    const transferOf = () => [bytes.buffer];
    const [piece] = await collect(
      runJob('deflate-bytes', { packing: 1 }, [task], { workers: 1, transferOf }),
    );
    expect(piece?.length).toBe(1000);
    expect(bytes.length).toBe(0);
  });

  it('reports the first error in the order of the tasks', async () => {
    const wrong = 42 as unknown as Uint8Array;
    const results = runJob('digest', null, [...FILES, [wrong]], { workers: 2 });
    expect(await codeOf(collect(results))).toBe('InternalError');
  });

  it('reports a job that cannot be opened with each of its tasks', async () => {
    const unknown = 'no-such-job' as JobName;
    expect(await codeOf(collect(runJob(unknown, null as never, [null] as never, { workers: 1 })))).toBe(
      'InternalError',
    );
  });
});

describe('the pool', () => {
  afterEach(() => {
    warmUp();
  });

  it('has a thread for each core, at most eight, and keeps them', () => {
    expect(poolSize()).toBeGreaterThanOrEqual(1);
    expect(poolSize()).toBeLessThanOrEqual(8);
    expect(warmUp()).toEqual(warmUp());
  });

  it('goes on with a new thread when one stopped, and says so to whom it worked for', async () => {
    const [first] = warmUp(1);
    const results = runJob('digest', null, FILES, { workers: 1 });
    await results.next();
    await first?.thread.terminate();
    expect(await codeOf(collect(results))).toBe('InternalError');
    expect(warmUp(1)[0]).not.toBe(first);
    expect(await collect(runJob('digest', null, FILES, { workers: 1 }))).toHaveLength(FILES.length);
  });
});

describe('serveTasks', () => {
  function serve() {
    const sent: FromWorker[] = [];
    const handle = serveTasks((message) => sent.push(message));
    return { sent, handle, settled: () => new Promise((resolve) => setTimeout(resolve, 20)) };
  }

  it('opens a run, does its tasks and forgets it', async () => {
    const { sent, handle, settled } = serve();
    handle({ kind: 'open', run: 1, job: 'digest', shared: null });
    handle({ kind: 'task', run: 1, task: 7, input: [Uint8Array.of(0)] });
    await settled();
    expect(sent).toEqual([
      { task: 7, value: ['6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'] },
    ]);
    handle({ kind: 'close', run: 1 });
    handle({ kind: 'task', run: 1, task: 8, input: [] });
    await settled();
    expect(sent[1]).toMatchObject({
      task: 8,
      error: { code: null, message: 'task 8 belongs to no open run' },
    });
  });

  it('loads a job ahead of its run, and says nothing of one that is not there', async () => {
    const { sent, handle, settled } = serve();
    handle({ kind: 'load', job: 'digest' });
    handle({ kind: 'load', job: 'no-such-job' });
    await settled();
    expect(sent).toEqual([]);
    handle({ kind: 'open', run: 3, job: 'digest', shared: null });
    handle({ kind: 'task', run: 3, task: 1, input: [] });
    await settled();
    expect(sent).toEqual([{ task: 1, value: [] }]);
  });

  it('answers every task of a run that cannot be opened', async () => {
    const { sent, handle, settled } = serve();
    handle({ kind: 'open', run: 2, job: 'no-such-job', shared: null });
    handle({ kind: 'task', run: 2, task: 1, input: null });
    await settled();
    expect(sent[0]).toMatchObject({ task: 1, error: { code: null } });
  });
});

describe('an error that crosses threads', () => {
  it('keeps code, sentence and details', () => {
    const error = new PipelineError('CorruptPixelData', 'the frame is cut off', { frame: 3 });
    const copy = unpackError(structuredClone(packError(error)));
    expect(copy).toBeInstanceOf(PipelineError);
    expect(copy).toMatchObject({
      code: 'CorruptPixelData',
      message: 'the frame is cut off',
      details: { frame: 3 },
    });
    expect(copy.stack).toBe(error.stack);
  });

  it('is an InternalError when nobody foresaw it', () => {
    expect(unpackError(packError(new TypeError('x is undefined')))).toMatchObject({
      code: 'InternalError',
      message: 'a worker thread failed: x is undefined; report this',
    });
    expect(unpackError({ ...packError('text'), stack: undefined }).message).toContain('text');
  });
});
