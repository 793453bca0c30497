import { gunzipSync } from 'node:zlib';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { s3Client } from '../../local/machine/aws-clients.ts';
import type { CaseRecord } from '../../src/contracts/records.ts';
import type { CaseResource } from '../../src/contracts/stages/prepare-session.ts';
import { decodeNifti } from '../../src/imaging/nifti/decode-nifti.ts';
import { type TestProject, xnatLogin } from './project.ts';

/** The resource of a case with this content. */
export function resourceOf({ resources }: CaseRecord, content: CaseResource['content']): CaseResource {
  const found = resources.find((one) => one.content === content);
  if (!found) throw new Error(`the case has no resource with content ${content}`);
  return found;
}

/** The bytes of a resource as they were written back to the XNAT. */
export async function downloadResource(
  project: TestProject,
  { session, scanId }: CaseRecord,
  { label, fileName }: CaseResource,
): Promise<Uint8Array> {
  const { url, user, password } = xnatLogin(project);
  const path = `/data/experiments/${session}/scans/${scanId}/resources/${label}/files/${fileName}`;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const response = await fetch(`${url}${path}`, { headers: { authorization } });
  if (!response.ok) throw new Error(`the XNAT answers ${response.status} for ${path}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The bytes of a resource as they lie in the data bucket. */
export async function readBlob({ machine }: TestProject, { object }: CaseResource): Promise<Uint8Array> {
  const place = { Bucket: machine.deployment?.dataBucket ?? '', Key: object.key };
  const { Body } = await s3Client(machine).send(new GetObjectCommand(place));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

/** Voxels by value of a gzipped NIfTI label map; background left out. */
export function countLabels(nifti: Uint8Array): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const value of decodeNifti(gunzipSync(nifti)).values) {
    if (value !== 0) counts[value] = (counts[value] ?? 0) + 1;
  }
  return counts;
}
