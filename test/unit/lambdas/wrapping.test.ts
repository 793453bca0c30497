import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Context, SQSEvent } from 'aws-lambda';
import { z } from 'zod';
import { loadEnv } from '../../../lambdas/_shared/env.ts';
import { toPipelineError } from '../../../lambdas/_shared/error-mapping.ts';
import { httpErrors } from '../../../lambdas/_shared/http-errors.ts';
import { logger } from '../../../lambdas/_shared/logger.ts';
import { machineNames } from '../../../lambdas/_shared/machines.ts';
import { emitMetrics } from '../../../lambdas/_shared/metrics.ts';
import { wrap } from '../../../lambdas/_shared/middleware.ts';
import { queueHandler } from '../../../lambdas/_shared/queue-handler.ts';
import { stageHandler } from '../../../lambdas/_shared/stage-handler.ts';
import { STAGE_ENV } from '../../../src/contracts/env.ts';
import { PipelineError } from '../../../src/contracts/errors.ts';

const CONTEXT = { awsRequestId: 'request-1' } as Context;
const lines: string[] = [];
const logged: { level: string; message: string; fields: unknown }[] = [];

beforeEach(() => {
  lines.length = 0;
  logged.length = 0;
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  for (const level of ['info', 'warn', 'error'] as const) {
    jest.spyOn(logger, level).mockImplementation((message: unknown, ...fields: unknown[]) => {
      logged.push({ level, message: String(message), fields: fields[0] });
    });
  }
});
afterEach(() => void jest.restoreAllMocks());

describe('loadEnv', () => {
  it('names every variable that is missing or wrong at once', () => {
    expect(() => loadEnv(STAGE_ENV['receive-webhook'], { CONTOURFLOW_HINT_QUEUE_URL: 'no url' })).toThrow(
      expect.objectContaining({
        code: 'ConfigurationError',
        details: {
          names: [
            'CONTOURFLOW_ARCHIVE_PARAMETERS',
            'CONTOURFLOW_ARCHIVE_SECRETS',
            'CONTOURFLOW_HINT_QUEUE_URL',
            'CONTOURFLOW_TABLE',
          ],
        },
      }),
    );
  });

  it('gives the variables of a function', () => {
    expect(loadEnv(STAGE_ENV['release-session'], { CONTOURFLOW_TABLE: 't', OTHER: 'x' })).toEqual({
      CONTOURFLOW_TABLE: 't',
    });
  });
});

describe('stageHandler', () => {
  const Input = z.strictObject({ schemaVersion: z.literal(1), project: z.string() });
  const Output = z.strictObject({ cases: z.int() });
  const handlerOf = (run: (input: z.infer<typeof Input>) => Promise<z.infer<typeof Output>>) =>
    stageHandler('release-session', Input, Output, run, ({ cases }) => [
      { name: 'CasesReady', value: cases },
    ]);
  const good = { schemaVersion: 1, project: 'P' };

  it('passes a checked input in and a checked output out, and counts', async () => {
    const handler = handlerOf(async () => ({ cases: 3 }));
    expect(await handler(good, CONTEXT)).toEqual({ cases: 3 });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ stage: 'release-session', CasesReady: 3 });
    expect(logged).toMatchObject([{ level: 'info', message: 'ReleaseSession:Finished' }]);
  });

  it.each([
    ['an input of another form', { schemaVersion: 1 }, 'InvalidRequest'],
    ['a key too many', { ...good, extra: 1 }, 'InvalidRequest'],
    ['null', null, 'InvalidRequest'],
    ['a newer schema version', { schemaVersion: 2, project: 'P' }, 'UnknownSchemaVersion'],
  ])('refuses %s under the name %s', async (_name, event, code) => {
    const handler = handlerOf(async () => ({ cases: 1 }));
    await expect(handler(event, CONTEXT)).rejects.toMatchObject({ name: code });
  });

  it('does not let out what its contract does not allow', async () => {
    const handler = handlerOf(async () => ({ cases: 1.5 }));
    await expect(handler(good, CONTEXT)).rejects.toMatchObject({ name: 'InternalError' });
  });

  it('throws errors by their code, logs them once and counts a failure', async () => {
    const handler = handlerOf(() => Promise.reject(new PipelineError('GantryTilt', 'tilted by 3 degrees')));
    await expect(handler(good, CONTEXT)).rejects.toMatchObject({
      name: 'GantryTilt',
      message: 'tilted by 3 degrees',
    });
    expect(logged).toMatchObject([
      { level: 'warn', message: 'ReleaseSession:Failed', fields: { code: 'GantryTilt' } },
    ]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ StageFailures: 1, stage: 'release-session' });
  });

  it('never logs an event', async () => {
    const handler = handlerOf(async () => ({ cases: 1 }));
    await handler({ ...good, project: 'SECRET_NAME' }, CONTEXT);
    expect(JSON.stringify(logged)).not.toContain('SECRET_NAME');
  });
});

describe('queueHandler', () => {
  const event = (...bodies: string[]) =>
    ({ Records: bodies.map((body, index) => ({ messageId: `m${index}`, body })) }) as SQSEvent;

  it('fails messages one by one, those that are no JSON too', async () => {
    const handler = queueHandler(
      'route-event',
      async (message) => {
        if (message === 'bad') throw new PipelineError('MalformedBody', 'no hint');
        return message;
      },
      () => [{ name: 'EventsIn', value: 1 }],
    );
    const result = await handler(event('"good"', '"bad"', '{', '"fine"'), CONTEXT);
    expect(result).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm2' }] });
    const names = lines.map((line) => Object.keys(JSON.parse(line)).at(-1));
    expect(names).toEqual(['EventsIn', 'StageFailures', 'StageFailures', 'EventsIn']);
  });

  it('counts nothing when nothing is to be counted', async () => {
    await queueHandler('track-run', async () => 'ok')(event('1'), CONTEXT);
    expect(lines).toEqual([]);
  });
});

describe('httpErrors', () => {
  const call = (error: Error) =>
    wrap('receive-webhook', () => Promise.reject(error), httpErrors())({} as never, CONTEXT);

  it('answers with the status and body of the code', async () => {
    const response = await call(new PipelineError('StaleTimestamp', 'too old', { by: 301 }));
    expect(response).toMatchObject({ statusCode: 400, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(String((response as { body?: string }).body))).toEqual({
      error: { code: 'StaleTimestamp', message: 'too old', details: { by: 301 }, requestId: 'request-1' },
    });
  });

  it('does not describe what is unforeseen', async () => {
    const response = await call(new Error('connect to 10.0.0.1 failed'));
    expect(response).toMatchObject({ statusCode: 500 });
    expect(JSON.stringify(response)).not.toContain('10.0.0.1');
    expect(JSON.stringify(logged)).toContain('10.0.0.1');
  });
});

describe('toPipelineError', () => {
  const sdk = (name: string, extra = {}) => Object.assign(new Error('said'), { name, ...extra });
  it.each([
    ['a throttled call', sdk('ThrottlingException'), 'UpstreamError'],
    ['a server error', sdk('Odd', { $metadata: { httpStatusCode: 503 } }), 'UpstreamError'],
    ['what the SDK calls retryable', sdk('Odd', { $retryable: {} }), 'UpstreamError'],
    ['a refused connection', sdk('Error', { code: 'ECONNREFUSED' }), 'UpstreamError'],
    ['a call that a policy denies', sdk('AccessDeniedException'), 'ConfigurationError'],
    ['a client error', sdk('ValidationException', { $metadata: { httpStatusCode: 400 } }), 'InternalError'],
    ['a mistake of ours', new TypeError('x is undefined'), 'InternalError'],
    ['a thrown text', 'just text', 'InternalError'],
    [
      'a record that breaks its schema',
      new z.ZodError([{ code: 'custom', path: ['a', 0], message: 'm', input: 1 }]),
      'InternalError',
    ],
    [
      'a schema broken at the root',
      new z.ZodError([{ code: 'custom', path: [], message: 'm', input: 1 }]),
      'InternalError',
    ],
  ])('takes %s for %s', (_name, thrown, code) => {
    expect(toPipelineError(thrown).code).toBe(code);
  });

  it('keeps an error of ours as it is', () => {
    const error = new PipelineError('NotFound', 'm');
    expect(toPipelineError(error)).toBe(error);
  });
});

describe('emitMetrics', () => {
  it('writes one line of embedded metric format per measurement', () => {
    const written: string[] = [];
    emitMetrics(
      'sweep-runs',
      [
        { name: 'RunsByState', value: 2, state: 'running' },
        { name: 'RunningJobCostUsdPerHour', value: 1.5, unit: 'None' },
      ],
      new Date(1000),
      (line) => void written.push(line),
    );
    expect(written.map((line) => JSON.parse(line))).toEqual([
      {
        _aws: {
          Timestamp: 1000,
          CloudWatchMetrics: [
            {
              Namespace: 'Contourflow',
              Dimensions: [['state']],
              Metrics: [{ Name: 'RunsByState', Unit: 'Count' }],
            },
          ],
        },
        state: 'running',
        RunsByState: 2,
      },
      {
        _aws: {
          Timestamp: 1000,
          CloudWatchMetrics: [
            {
              Namespace: 'Contourflow',
              Dimensions: [['stage']],
              Metrics: [{ Name: 'RunningJobCostUsdPerHour', Unit: 'None' }],
            },
          ],
        },
        stage: 'sweep-runs',
        RunningJobCostUsdPerHour: 1.5,
      },
    ]);
  });
});

describe('machineNames', () => {
  it('knows our machines and no other', () => {
    const nameOf = machineNames({
      CONTOURFLOW_PREPARE_SESSION_ARN: 'arn:1',
      CONTOURFLOW_SAVE_DATASET_ARN: 'arn:2',
      CONTOURFLOW_TRAIN_MODEL_ARN: 'arn:3',
      CONTOURFLOW_RELEASE_MODEL_ARN: 'arn:4',
    });
    expect(['arn:1', 'arn:2', 'arn:3', 'arn:4', 'arn:5'].map(nameOf)).toEqual([
      'prepare-session',
      'save-dataset',
      'train-model',
      'release-model',
      null,
    ]);
  });
});
