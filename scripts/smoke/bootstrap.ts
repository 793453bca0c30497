import {
  type CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  paginateListBuckets,
  type S3Client,
} from '@aws-sdk/client-s3';
import { PipelineError } from '../../src/contracts/errors.ts';

/** What `cdk bootstrap` makes; its bucket holds what was deployed and is paid for by size. */
export const TOOLKIT_STACK = 'CDKToolkit';
const DELETE_SECONDS = 15 * 60;

interface Place {
  readonly id: string;
  readonly region: string;
  readonly clients: { readonly cloudFormation: CloudFormationClient; readonly s3: S3Client };
}

export async function isBootstrapped(client: CloudFormationClient): Promise<boolean> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: TOOLKIT_STACK }));
    return Stacks.length > 0;
  } catch (error) {
    if (error instanceof Error && /does not exist/.test(error.message)) return false;
    throw error;
  }
}

/**
 * Deletes the bootstrap of this account and region: the stack, then the bucket of assets, which the stack's deletion
 * leaves. Only for a bootstrap that this run made; another belongs to whoever deploys with the CDK here.
 */
export async function removeBootstrap(place: Place): Promise<void> {
  const { cloudFormation, s3 } = place.clients;
  const bucket = assetBucket(place);
  if (await hasBucket(s3, bucket)) await emptyBucket(s3, bucket);
  await cloudFormation.send(new DeleteStackCommand({ StackName: TOOLKIT_STACK }));
  await waitUntilStackDeleteComplete(
    { client: cloudFormation, maxWaitTime: DELETE_SECONDS },
    { StackName: TOOLKIT_STACK },
  );
  if (await hasBucket(s3, bucket)) await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
}

/** What is left of a bootstrap, one line each. */
export async function bootstrapLeftovers(place: Place): Promise<string[]> {
  const bucket = assetBucket(place);
  const [stackIsThere, bucketIsThere] = await Promise.all([
    isBootstrapped(place.clients.cloudFormation),
    hasBucket(place.clients.s3, bucket),
  ]);
  return [
    ...(stackIsThere ? [`stack ${TOOLKIT_STACK}, made by this run's cdk bootstrap`] : []),
    ...(bucketIsThere ? [`bucket ${bucket}, made by this run's cdk bootstrap`] : []),
  ];
}

/** The last line of a run; a bootstrap that was there before is named, because it is not free. */
export function remainsText(bootstrapped: boolean): string {
  return bootstrapped
    ? `Nothing of Contourflow remains in the account. The CDK bootstrap (stack ${TOOLKIT_STACK} with its bucket of assets ` +
        'and its repository) was there before this run and stays; the bucket keeps what was deployed, some cents a month.'
    : 'Nothing of Contourflow remains in the account, and the CDK bootstrap that this run made is gone, too.';
}

/** The name that the CDK gives with its default qualifier. */
function assetBucket({ id, region }: Place): string {
  return `cdk-hnb659fds-assets-${id}-${region}`;
}

async function hasBucket(s3: S3Client, name: string): Promise<boolean> {
  for await (const { Buckets = [] } of paginateListBuckets({ client: s3 }, { Prefix: name })) {
    if (Buckets.some(({ Name }) => Name === name)) return true;
  }
  return false;
}

/** Each round deletes what it lists, so the first page is always the next one. */
async function emptyBucket(s3: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key = '', VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return;
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    if (Errors.length === 0) continue;
    const problems = Errors.map(({ Key, Code, Message }) => `${Key}: ${Code}: ${Message}`);
    throw new PipelineError(
      'Conflict',
      `${Errors.length} object(s) of the bucket ${Bucket} cannot be deleted; empty and delete it by hand`,
      { problems },
    );
  }
}
