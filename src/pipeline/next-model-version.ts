import type { Ports } from '../ports/index.ts';
import { createUnlessThere } from './create-unless-there.ts';

/** Takes the next version number of a model, which begins to exist with its first. Numbers are never used twice. */
export async function nextModelVersion(
  records: Ports['records'],
  project: string,
  modelId: string,
  title = '',
): Promise<number> {
  await createUnlessThere(records, {
    entity: 'model',
    project,
    id: modelId,
    state: 'active',
    title,
    latestVersion: 0,
  });
  const model = await records.update('model', project, modelId, (current) => ({
    ...current,
    title: title || current.title,
    latestVersion: current.latestVersion + 1,
  }));
  return model.latestVersion;
}
