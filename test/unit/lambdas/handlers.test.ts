import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { LAMBDA_STAGES } from '../../../src/contracts/stage-names.ts';

const ARN = 'arn:aws:states:eu-west-1:1:stateMachine:m';
const ENVIRONMENT = {
  AWS_REGION: 'eu-west-1',
  CONTOURFLOW_TABLE: 'table',
  CONTOURFLOW_BUCKET: 'bucket',
  CONTOURFLOW_HINT_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/hints',
  CONTOURFLOW_ARCHIVE_PARAMETERS: '/contourflow/archives',
  CONTOURFLOW_ARCHIVE_SECRETS: 'contourflow/archives/',
  CONTOURFLOW_PREPARE_SESSION_ARN: ARN,
  CONTOURFLOW_SAVE_DATASET_ARN: ARN,
  CONTOURFLOW_TRAIN_MODEL_ARN: ARN,
  CONTOURFLOW_RELEASE_MODEL_ARN: ARN,
  CONTOURFLOW_JOB_QUEUE_ARN: 'arn:aws:batch:eu-west-1:1:job-queue/q',
  CONTOURFLOW_JOB_DATA_ROLE_ARN: 'arn:aws:iam::1:role/data',
  CONTOURFLOW_JOB_LOG_GROUP: '/jobs',
  CONTOURFLOW_JOB_VCPUS: '4',
  CONTOURFLOW_JOB_MEMORY_MIB: '14000',
  CONTOURFLOW_JOB_GPUS: '0',
  CONTOURFLOW_TRAINING_HOSTS: 'g6.2xlarge=0.9776,g6e.2xlarge=2.2421',
};

/** Everything that a state machine calls refuses an event that is not its input; nothing is called for that. */
const CALLED_BY_MACHINES = [
  'fetch-scans',
  'convert-series',
  'build-mask',
  'resample-volume',
  'certify-case',
  'publish-resources',
  'register-case',
  'quarantine-case',
  'release-session',
  'broker-credentials',
] as const;

type Handler = (event: unknown, context: Context) => Promise<unknown>;
const load = async (stage: string): Promise<Handler> => {
  const loaded: { handler: Handler } = await import(`../../../lambdas/${stage}/handler.ts`);
  return loaded.handler;
};
const CONTEXT = { awsRequestId: 'r' } as Context;

beforeAll(() => void Object.assign(process.env, ENVIRONMENT));

describe('handlers', () => {
  it.each(LAMBDA_STAGES)('%s starts with the environment that its contract names', async (stage) => {
    expect(typeof (await load(stage))).toBe('function');
  });

  it.each(CALLED_BY_MACHINES)('%s refuses what is not its input, by name', async (stage) => {
    const handler = await load(stage);
    await expect(handler({ unexpected: true }, CONTEXT)).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  it.each(['route-event', 'track-run'])(
    '%s leaves a message that it cannot read in the queue',
    async (stage) => {
      const handler = await load(stage);
      const event = { Records: [{ messageId: 'm1', body: '{"hello":1}' }] };
      expect(await handler(event, CONTEXT)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    },
  );

  it('receive-webhook decodes a base64 body before it measures it', async () => {
    const handler = await load('receive-webhook');
    const body = Buffer.alloc(64 * 1024 + 1).toString('base64');
    const event = { headers: {}, body, isBase64Encoded: true, pathParameters: { archive: 'xnat' } };
    expect(await handler(event, CONTEXT)).toMatchObject({ statusCode: 413 });
    expect(await handler({ headers: {} }, CONTEXT)).toMatchObject({ statusCode: 401 });
  });
});
