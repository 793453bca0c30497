import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countTestLook, inheritTestLooks, testLooksOfLineage } from '../../../src/pipeline/test-looks.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import { addDataset, addModelVersion, PROJECT, projectPorts } from '../training/workflow-fixture.ts';

const idOf = (letter: string) => letter.repeat(32);

async function save(ports: MemoryPorts, letter: string, test: string[]) {
  const id = idOf(letter);
  if (!(await ports.records.get('dataset', PROJECT, id))) {
    await addDataset(ports, { id, subjects: { training: ['T'], validation: ['V'], test } });
  }
  await inheritTestLooks(ports.records, PROJECT, id);
}

const look = (ports: MemoryPorts, letter: string, runId: string) =>
  countTestLook(ports.records, PROJECT, idOf(letter), runId);

async function dataset(ports: MemoryPorts, letter: string) {
  const found = await ports.records.get('dataset', PROJECT, idOf(letter));
  if (!found) throw new Error(`no dataset ${letter}`);
  return found;
}

async function looks(ports: MemoryPorts, ...letters: string[]): Promise<number[]> {
  return Promise.all(letters.map(async (letter) => (await dataset(ports, letter)).testLooks));
}

describe('the test looks of a dataset', () => {
  it('go on where an earlier dataset with one of its test subjects is', async () => {
    const ports = await projectPorts();
    await save(ports, 'a', ['S1', 'S2']);
    await look(ports, 'a', 'run-1');
    await look(ports, 'a', 'run-2');
    await save(ports, 'b', ['S2', 'S3']);
    await save(ports, 'c', ['S3', 'S20']);
    expect(await looks(ports, 'a', 'b', 'c')).toEqual([2, 2, 0]);
    await look(ports, 'b', 'run-3');
    expect(await looks(ports, 'a', 'b', 'c')).toEqual([3, 3, 1]);
  });

  it('do not come from subjects that another dataset trains on', async () => {
    const ports = await projectPorts();
    await save(ports, 'a', ['S1']);
    await look(ports, 'a', 'run-1');
    await save(ports, 'b', ['T', 'V']);
    expect(await looks(ports, 'b')).toEqual([0]);
  });

  it('are not counted in a dataset of which only the edge is there yet; its save does it', async () => {
    const ports = await projectPorts();
    await save(ports, 'a', ['S1']);
    const subject = { entity: 'test-look', id: 'S1' };
    await ports.records.link(PROJECT, subject, { entity: 'dataset', id: idOf('b') });
    await look(ports, 'a', 'run-1');
    await save(ports, 'b', ['S1']);
    expect(await looks(ports, 'a', 'b')).toEqual([1, 1]);
  });

  it('refuse a dataset that is not there', async () => {
    const ports = await projectPorts();
    await expect(look(ports, 'a', 'run-1')).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('are the runs that share a test subject, in any order, repeated and at the same time', async () => {
    const letters = ['a', 'b', 'c'];
    const subjects = fc.uniqueArray(fc.constantFrom('S1', 'S2', 'S3', 'S4'), { minLength: 1 });
    const step = fc.record({
      letter: fc.constantFrom(...letters),
      run: fc.option(fc.constantFrom('r1', 'r2', 'r3'), { nil: null }),
    });
    const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.tuple(subjects, subjects, subjects), rounds, async (tests, happened) => {
        const ports = await projectPorts();
        const testOf = (letter: string) => tests[letters.indexOf(letter)] ?? [];
        for (const letter of letters)
          await addDataset(ports, {
            id: idOf(letter),
            subjects: {
              training: ['T'],
              validation: ['V'],
              test: testOf(letter),
            },
          });
        const seen = new Map<string, Set<string>>();
        for (const round of happened) {
          await Promise.all(
            round.map(({ letter, run }) =>
              run ? look(ports, letter, run) : save(ports, letter, testOf(letter)),
            ),
          );
          for (const { letter, run } of round) {
            for (const subject of run ? testOf(letter) : []) {
              seen.set(subject, (seen.get(subject) ?? new Set()).add(`${run}`));
            }
          }
        }
        for (const letter of letters) await save(ports, letter, testOf(letter));
        const expected = letters.map(
          (letter) => new Set(testOf(letter).flatMap((subject) => [...(seen.get(subject) ?? [])])).size,
        );
        expect(await looks(ports, ...letters)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the test looks of a model card', () => {
  const version = (
    ports: MemoryPorts,
    id: string,
    letter: string | null,
    parent: string | null,
    testLooks = 0,
  ) =>
    addModelVersion(ports, {
      id,
      testLooks,
      lineage: {
        importedFrom: null,
        parent,
        runId: null,
        checkpointId: null,
        datasetId: letter && idOf(letter),
        trainingSubjects: [],
      },
    });

  async function arranged() {
    const ports = await projectPorts();
    await save(ports, 'a', ['S1']);
    await save(ports, 'b', ['S2']);
    await save(ports, 'c', ['S2', 'S3']);
    await look(ports, 'a', 'run-1');
    await look(ports, 'b', 'run-2');
    await look(ports, 'c', 'run-3');
    return ports;
  }

  it('are those of the dataset alone when nothing was fine-tuned', async () => {
    const ports = await arranged();
    expect(await testLooksOfLineage(ports.records, PROJECT, await dataset(ports, 'a'), null)).toBe(1);
  });

  it('include those of every ancestor, each run once', async () => {
    const ports = await arranged();
    await version(ports, 'm.v1', 'a', null);
    const parent = await version(ports, 'm.v2', 'b', 'm.v1');
    expect(await testLooksOfLineage(ports.records, PROJECT, await dataset(ports, 'c'), parent)).toBe(3);
  });

  it('add the number on the card of an ancestor whose dataset is not here', async () => {
    const ports = await arranged();
    await version(ports, 'm.v1', null, null, 4);
    const parent = await version(ports, 'm.v2', 'b', 'm.v1', 5);
    expect(await testLooksOfLineage(ports.records, PROJECT, await dataset(ports, 'a'), parent)).toBe(3 + 4);
  });

  it("are never fewer than the parent's", async () => {
    const ports = await arranged();
    const parent = await version(ports, 'm.v2', 'b', 'm.v1', 9);
    expect(await testLooksOfLineage(ports.records, PROJECT, await dataset(ports, 'a'), parent)).toBe(9);
  });
});
