import type { Partition } from '../contracts/dataset.ts';
import type { RecordOf } from '../contracts/records.ts';

/** Where a model version came from; what is unknown (an imported model) is null. */
export interface Ancestry {
  readonly model: RecordOf<'model'> | null;
  readonly run: RecordOf<'run'> | null;
  readonly dataset: RecordOf<'dataset'> | null;
}

/**
 * What a reader of an exported model must know. Counts instead of subject ids, because an export leaves the
 * hospital.
 */
export function modelCard(
  version: RecordOf<'model-version'>,
  { model, run, dataset }: Ancestry,
): Record<string, unknown> {
  const regions = version.classes.map(({ name }) => name).join(', ');
  return {
    description: model?.title || `Segments ${regions}`,
    intendedUse:
      'Research only; not a medical device. Check its results on your own data before relying on them.',
    version: version.id,
    trainingData: dataset ? trainingData(dataset) : 'not known: the model was imported',
    training: run ? { mode: run.mode, parameters: run.parameters } : 'not known: the model was imported',
    testDice: version.testDice,
    testLooks: `${version.testLooks} run(s) had looked at a test subject of its dataset or of an ancestor's when this version was made`,
    preprocessing: {
      voxelSpacingMm: version.preprocessing.spacingMm,
      intensityWindow: [version.preprocessing.intensity.lower, version.preprocessing.intensity.upper],
    },
    lineage: {
      parent: version.lineage.parent,
      run: version.lineage.runId,
      checkpoint: version.lineage.checkpointId,
      dataset: version.lineage.datasetId,
      importedFromSha256: version.lineage.importedFrom,
      subjectsLearnedFrom: version.lineage.trainingSubjects.length,
    },
  };
}

function trainingData(dataset: RecordOf<'dataset'>): Record<string, unknown> {
  const count = (partition: Partition) => dataset.subjects[partition].length;
  return {
    dataset: dataset.id,
    cases: dataset.items,
    trainingSubjects: count('training'),
    validationSubjects: count('validation'),
    testSubjects: count('test'),
    splitSeed: dataset.split.seed,
  };
}
