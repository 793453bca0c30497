import type { RecordOf } from '../contracts/records.ts';
import type { Ports } from '../ports/index.ts';
import { inParallel } from './in-parallel.ts';
import { requireRecord } from './require-record.ts';

/**
 * Looks are counted per test subject, because the same subjects come back in the next dataset: the test looks of a
 * dataset are the distinct runs that looked at any of its test subjects. Two kinds of edges hold this, both from the
 * subject: to the runs that looked, and to the datasets that hold it for testing. A repeat adds nothing.
 */
type Records = Ports['records'];
type Dataset = RecordOf<'dataset'>;

const CONCURRENCY = 8;

/** Makes the dataset known to later looks, wherever they come from, and takes over those that were before it. */
export async function inheritTestLooks(records: Records, project: string, datasetId: string): Promise<void> {
  const dataset = await requireRecord(records, 'dataset', project, datasetId);
  await inParallel(dataset.subjects.test, CONCURRENCY, (subject) =>
    records.link(project, lookAt(subject), { entity: 'dataset', id: datasetId }),
  );
  await raiseTestLooks(records, project, [dataset]);
}

/** Counts the look of a run in its dataset and in every other one that shares a test subject with it. */
export async function countTestLook(
  records: Records,
  project: string,
  datasetId: string,
  runId: string,
): Promise<void> {
  const dataset = await requireRecord(records, 'dataset', project, datasetId);
  const { test } = dataset.subjects;
  await inParallel(test, CONCURRENCY, (subject) =>
    records.link(project, lookAt(subject), { entity: 'run', id: runId }),
  );
  const holders = await inParallel(test, CONCURRENCY, (subject) =>
    records.linked(project, lookAt(subject), 'dataset'),
  );
  const others = [...new Set(holders.flat())].filter((id) => id !== datasetId);
  const found = await inParallel(others, CONCURRENCY, (id) => records.get('dataset', project, id));
  await raiseTestLooks(records, project, [dataset, ...found.filter((other) => other !== null)]);
}

/**
 * The looks for a model card: distinct runs that looked at a test subject of the version's dataset or of an
 * ancestor's. Of an ancestor whose dataset is not known here only its own card's number is; that is added, even
 * though it may count a run twice. Never less than what the parent's card says.
 */
export async function testLooksOfLineage(
  records: Records,
  project: string,
  dataset: Dataset,
  parent: RecordOf<'model-version'> | null,
): Promise<number> {
  const subjects = new Set(dataset.subjects.test);
  let ofUnknownRuns = 0;
  for (let ancestor = parent; ancestor; ) {
    const { datasetId, parent: next } = ancestor.lineage;
    const learnedFrom = datasetId && (await records.get('dataset', project, datasetId));
    if (!learnedFrom) {
      ofUnknownRuns = ancestor.testLooks;
      break;
    }
    for (const subject of learnedFrom.subjects.test) subjects.add(subject);
    ancestor = next ? await records.get('model-version', project, next) : null;
  }
  const runs = distinct(await runsBySubject(records, project, subjects), subjects);
  return Math.max(runs + ofUnknownRuns, dataset.testLooks, parent?.testLooks ?? 0);
}

/** Reads the edges once for all datasets. Only upwards: of two at the same time, the later one has seen all edges. */
async function raiseTestLooks(records: Records, project: string, datasets: Dataset[]): Promise<void> {
  const runs = await runsBySubject(
    records,
    project,
    new Set(datasets.flatMap(({ subjects }) => subjects.test)),
  );
  for (const { id, subjects } of datasets) {
    const testLooks = distinct(runs, subjects.test);
    await records.update('dataset', project, id, (current) =>
      current.testLooks >= testLooks ? null : { ...current, testLooks },
    );
  }
}

async function runsBySubject(
  records: Records,
  project: string,
  subjects: Set<string>,
): Promise<Map<string, string[]>> {
  return new Map(
    await inParallel(
      [...subjects],
      CONCURRENCY,
      async (subject) => [subject, await records.linked(project, lookAt(subject), 'run')] as const,
    ),
  );
}

function distinct(runs: Map<string, string[]>, subjects: Iterable<string>): number {
  return new Set([...subjects].flatMap((subject) => runs.get(subject) ?? [])).size;
}

function lookAt(subject: string): { entity: string; id: string } {
  return { entity: 'test-look', id: subject };
}
