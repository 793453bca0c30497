import { GetObjectCommand } from '@aws-sdk/client-s3';
import { download } from '../../src/cli/wait-for.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import type { CaseRecord, RecordOf } from '../../src/contracts/records.ts';
import { s3Client } from '../machine/aws-clients.ts';
import type { DataFolder } from '../machine/layout.ts';
import type { MachineFile } from '../machine/machine-file.ts';
import type { XnatLogin } from '../xnat/admin-client.ts';
import { diceOf, readVolume, runBundle } from './run-bundle.ts';

export interface BundleTrial {
  readonly session: string;
  readonly dice: Readonly<Record<string, number | null>>;
}

/**
 * Takes the image of one locked test case out of the XNAT, segments it with the downloaded bundle and plain
 * MONAI, and compares the outcome with the mask of that case. When the only test subject went by S3, its files are
 * read where the upload left them.
 */
export async function tryBundle(
  folder: DataFolder,
  bundleUrl: string,
  dataset: RecordOf<'dataset'>,
  cases: readonly CaseRecord[],
  { xnat, machine }: { readonly xnat: XnatLogin; readonly machine: MachineFile },
): Promise<BundleTrial> {
  const testCase = testCaseOf(dataset, cases);
  const read = (content: Content): Promise<Uint8Array> =>
    testCase.uploadManifestKey === null
      ? scanResource(xnat, testCase, content)
      : storedResource(machine, testCase, content);
  const [bundle, image, mask] = await Promise.all([
    download(bundleUrl),
    read('IMAGE_NATIVE'),
    read('MASK_NATIVE'),
  ]);
  const predicted = await runBundle(folder, bundle, image);
  const truth = readVolume(mask);
  const dice = dataset.classes.map(
    ({ name, maskValue }) => [name, diceOf(predicted, truth, maskValue)] as const,
  );
  return { session: testCase.session, dice: Object.fromEntries(dice) };
}

/** One from the XNAT where there is one, since that is where a site would take it from. */
export function testCaseOf(
  { id, subjects: { test = [] } }: Pick<RecordOf<'dataset'>, 'id' | 'subjects'>,
  cases: readonly CaseRecord[],
): CaseRecord {
  const candidates = cases.filter(({ subject }) => test.includes(subject));
  const chosen = candidates.find(({ uploadManifestKey }) => uploadManifestKey === null) ?? candidates[0];
  if (chosen !== undefined) return chosen;
  throw new PipelineError(
    'NotFound',
    `none of ${cases.length} case(s) is of a test subject of dataset ${id}; save the dataset again from these cases`,
  );
}

type Content = 'IMAGE_NATIVE' | 'MASK_NATIVE';

async function storedResource(
  machine: MachineFile,
  { resources }: CaseRecord,
  content: Content,
): Promise<Uint8Array> {
  const Key = resources.find((one) => one.content === content)?.object.key;
  const place = { Bucket: machine.deployment?.dataBucket ?? '', Key };
  const { Body } = await s3Client(machine).send(new GetObjectCommand(place));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

async function scanResource(
  xnat: XnatLogin,
  { session, scanId, resources }: CaseRecord,
  content: Content,
): Promise<Uint8Array> {
  const resource = resources.find((one) => one.content === content);
  const path = `/data/experiments/${session}/scans/${scanId}/resources/${resource?.label}/files/${resource?.fileName}`;
  const authorization = `Basic ${Buffer.from(`${xnat.user}:${xnat.password}`).toString('base64')}`;
  const response = await fetch(`${xnat.url}${path}`, {
    headers: { authorization, 'user-agent': 'contourflow-demo/1.0' },
  });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw new PipelineError(
    'ArchiveRejected',
    `the XNAT answered ${response.status} for the ${content} of session ${session}; was it written back?`,
    { status: response.status },
  );
}
