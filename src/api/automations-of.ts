import { everyRecord } from '../pipeline/every-record.ts';
import type { Ports } from '../ports/index.ts';

/** Remembers for good that `automationId` makes cases for the version, also when it is set to another one later. */
export function linkAutomation(
  records: Ports['records'],
  project: string,
  modelVersionId: string,
  automationId: string,
): Promise<void> {
  return records.link(
    project,
    { entity: 'model-version', id: modelVersionId },
    { entity: 'automation', id: automationId },
  );
}

/** Ids of the automations, enabled or not, that make cases for a model version, or did before they were changed. */
export async function automationsOf(
  records: Ports['records'],
  project: string,
  modelVersionId: string,
): Promise<string[]> {
  const ids = new Set(
    await records.linked(project, { entity: 'model-version', id: modelVersionId }, 'automation'),
  );
  // Those that were set before the edge was written.
  for (const automation of await everyRecord(records, 'automation', project)) {
    if (automation.modelVersionId === modelVersionId) ids.add(automation.id);
  }
  return [...ids].sort();
}
