import { download } from '../../src/cli/wait-for.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import type { CaseRecord, RecordOf } from '../../src/contracts/records.ts';
import type { DataFolder } from '../machine/layout.ts';
import type { XnatLogin } from '../xnat/admin-client.ts';
import { diceOf, readVolume, runBundle } from './run-bundle.ts';

export interface BundleTrial {
  readonly session: string;
  readonly dice: Readonly<Record<string, number | null>>;
}

/**
 * Takes the image of one locked test case out of the XNAT, segments it with the downloaded bundle and plain
 * MONAI, and compares the outcome with the mask of that case.
 */
export async function tryBundle(
  folder: DataFolder,
  bundleUrl: string,
  dataset: RecordOf<'dataset'>,
  cases: readonly CaseRecord[],
  xnat: XnatLogin,
): Promise<BundleTrial> {
  const testSubjects = dataset.subjects.test ?? [];
  const testCase = cases.find(
    ({ subject, uploadManifestKey }) => uploadManifestKey === null && testSubjects.includes(subject),
  );
  if (testCase === undefined)
    throw new PipelineError('NotFound', 'no case of the test partition came from the XNAT');
  const [bundle, image, mask] = await Promise.all([
    download(bundleUrl),
    scanResource(xnat, testCase, 'IMAGE_NATIVE'),
    scanResource(xnat, testCase, 'MASK_NATIVE'),
  ]);
  const predicted = await runBundle(folder, bundle, image);
  const truth = readVolume(mask);
  const dice = dataset.classes.map(
    ({ name, maskValue }) => [name, diceOf(predicted, truth, maskValue)] as const,
  );
  return { session: testCase.session, dice: Object.fromEntries(dice) };
}

async function scanResource(
  xnat: XnatLogin,
  { session, scanId, resources }: CaseRecord,
  content: 'IMAGE_NATIVE' | 'MASK_NATIVE',
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
