import { PipelineError } from '../contracts/errors.ts';
import type { ObjectKey } from '../contracts/identifiers.ts';
import type { Ports } from '../ports/index.ts';

/** @throws NotFound when the upload has expired: the caller hears of it now, instead of a failed preparation later */
export async function requireUpload(
  manifestKey: ObjectKey,
  objects: Pick<Ports['objects'], 'stat'>,
): Promise<void> {
  if (await objects.stat(manifestKey)) return;
  throw new PipelineError(
    'NotFound',
    `the upload ${manifestKey} is not there any more, uploads are kept for 14 days; upload the session again`,
    { manifestKey },
  );
}
