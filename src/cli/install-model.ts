import { createHash } from 'node:crypto';
import type { ResponseOf } from '../contracts/api.ts';
import { PipelineError } from '../contracts/errors.ts';
import type { ApiClient } from './api-client.ts';

export interface ModelBundle {
  readonly modelId: string;
  readonly title: string;
  readonly fileName: string;
  readonly bytes: Uint8Array;
}

/** Uploads a MONAI bundle zip by a presigned URL, then installs it as the next version of a model. */
export async function installModel(
  api: ApiClient,
  project: string,
  { modelId, title, fileName, bytes }: ModelBundle,
): Promise<ResponseOf<'installModel'>> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const ticket = await api.call('createUpload', { project }, { fileName, sizeBytes: bytes.length, sha256 });
  const sent = await fetch(ticket.url, { method: 'PUT', body: new Uint8Array(bytes) });
  if (!sent.ok) {
    throw new PipelineError(
      'UpstreamError',
      `the upload of ${fileName} was refused with ${sent.status}; try again`,
      {
        status: sent.status,
      },
    );
  }
  return api.call('installModel', { project }, { modelId, title, uploadKey: ticket.key, sha256 });
}
