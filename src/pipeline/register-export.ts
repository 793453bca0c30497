import type { z } from 'zod';
import { PipelineError } from '../contracts/errors.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import type { PlanExportInput, RegisterExportOutput } from '../contracts/stages/release-model.ts';
import { ExportResult } from '../contracts/training.ts';
import type { Ports } from '../ports/index.ts';
import { readJson } from './stored-json.ts';

/**
 * Takes the bundle that the trainer wrote and finishes the export.
 *
 * @throws ExportFailed when the result names a bundle that is not there or is of another size.
 */
export async function registerExport(
  { project, exportId }: PlanExportInput,
  { records, objects }: Pick<Ports, 'records' | 'objects'>,
): Promise<z.input<typeof RegisterExportOutput>> {
  const { bundle, parityMaxDifference } = await readJson(objects, ExportResult, {
    key: objectKeys.exportResult(project, exportId),
  });
  const stored = await objects.stat(bundle.key);
  if (stored?.sizeBytes !== bundle.sizeBytes) {
    throw new PipelineError(
      'ExportFailed',
      `the bundle of export ${exportId} should have ${bundle.sizeBytes} bytes and has ${stored?.sizeBytes ?? 0}; export again`,
      { exportId },
    );
  }
  await records.update('export', project, exportId, (current) => ({
    ...current,
    state: 'succeeded',
    bundle,
    parityMaxDifference,
    problem: null,
  }));
  return { bundleKey: bundle.key };
}
