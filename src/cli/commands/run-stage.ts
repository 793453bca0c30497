import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import type { z } from 'zod';
import { nodeHasher } from '../../adapters/aws/node-hasher.ts';
import { createS3ObjectStore } from '../../adapters/aws/s3-object-store.ts';
import { StageRunnerEnv } from '../../contracts/env.ts';
import { PipelineError } from '../../contracts/errors.ts';
import { SCHEMA_VERSION } from '../../contracts/schema-version.ts';
import { IMAGING_STAGES, type ImagingStage } from '../../contracts/stage-names.ts';
import * as stages from '../../contracts/stages/prepare-session.ts';
import { type BrokerRequest, BrokerResponse } from '../../contracts/training.ts';
import { buildMask } from '../../pipeline/build-mask.ts';
import { certifyCase } from '../../pipeline/certify-case.ts';
import { convertSeries } from '../../pipeline/convert-series.ts';
import { FAILURE_SUFFIX, type StageFailure } from '../../pipeline/failure-cause.ts';
import { resampleVolume } from '../../pipeline/resample-volume.ts';
import { jsonBytes } from '../../pipeline/stored-json.ts';
import type { ObjectStore } from '../../ports/index.ts';

type Stage = (input: unknown, objects: ObjectStore) => Promise<unknown>;

function stage<I extends z.ZodType, O extends z.ZodType>(
  Input: I,
  Output: O,
  run: (input: z.output<I>, ports: { objects: ObjectStore }) => Promise<z.input<O>>,
): Stage {
  return async (input, objects) => Output.parse(await run(Input.parse(input), { objects }));
}

/** The same use cases as the functions of these names. */
const STAGES: Record<ImagingStage, Stage> = {
  'convert-series': stage(stages.ConvertSeriesInput, stages.ConvertSeriesOutput, convertSeries),
  'build-mask': stage(stages.BuildMaskInput, stages.BuildMaskOutput, buildMask),
  'resample-volume': stage(stages.ResampleVolumeInput, stages.ResampleVolumeOutput, resampleVolume),
  'certify-case': stage(stages.CertifyCaseInput, stages.CertifyCaseOutput, certifyCase),
};

/**
 * Runs one imaging stage inside a Batch job: reads its input (JSON) from an object, does what the function of the same
 * name does, and writes its output (JSON) to another. A failure is left beside the output, because a job's exit code
 * cannot say which it was.
 *
 * @throws InvalidRequest for a stage that is none, Forbidden when the broker refuses, and every code of the stage
 */
export async function runStage(
  name: string,
  inputKey: string,
  outputKey: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const run = Object.hasOwn(STAGES, name) ? STAGES[name as ImagingStage] : undefined;
  if (!run) {
    const allowed = IMAGING_STAGES.join(', ');
    throw new PipelineError('InvalidRequest', `"${name}" is no imaging stage; it is one of ${allowed}`, {
      name,
    });
  }
  const objects = await openObjects(variables);
  try {
    const input: unknown = JSON.parse(new TextDecoder().decode(await objects.read({ key: inputKey })));
    const output = await run(input, objects);
    await objects.write(outputKey, jsonBytes(output), 'application/json');
  } catch (error) {
    await objects.write(`${outputKey}${FAILURE_SUFFIX}`, jsonBytes(failureOf(error)), 'application/json');
    throw error;
  }
}

function failureOf(error: unknown): z.input<typeof StageFailure> {
  if (error instanceof PipelineError) return { code: error.code, message: error.message };
  return { code: 'InternalError', message: error instanceof Error ? error.message : String(error) };
}

/** The data bucket, by credentials lent for this job; the job's own role can do nothing but ask for them. */
async function openObjects(variables: Readonly<Record<string, string | undefined>>): Promise<ObjectStore> {
  const env = StageRunnerEnv.safeParse(variables);
  if (!env.success) {
    const names = Object.keys(StageRunnerEnv.shape).join(' and ');
    throw new PipelineError(
      'ConfigurationError',
      `${names} must be set; this command runs inside a Batch job`,
    );
  }
  const lent = await askBroker(env.data.CONTOURFLOW_BROKER_FUNCTION, env.data.AWS_BATCH_JOB_ID);
  const client = new S3Client({
    credentials: async () => {
      const { credentials } = await askBroker(
        env.data.CONTOURFLOW_BROKER_FUNCTION,
        env.data.AWS_BATCH_JOB_ID,
      );
      return { ...credentials, expiration: new Date(credentials.expiration) };
    },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return createS3ObjectStore({ client, bucket: lent.bucket, hasher: nodeHasher });
}

async function askBroker(FunctionName: string, jobId: string): Promise<BrokerResponse> {
  const request: z.input<typeof BrokerRequest> = { schemaVersion: SCHEMA_VERSION, jobId };
  const client = new LambdaClient({ maxAttempts: 6 });
  const reply = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(request) }));
  const text = new TextDecoder().decode(reply.Payload);
  if (!reply.FunctionError) return BrokerResponse.parse(JSON.parse(text));
  throw new PipelineError('Forbidden', `the credentials broker refused: ${text.slice(0, 500)}`, { jobId });
}
