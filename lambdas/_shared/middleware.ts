import middy, { type MiddlewareObj, type MiddyfiedHandler } from '@middy/core';
import { METRICS } from '../../src/contracts/metrics.ts';
import { type LambdaStage, pascalCase } from '../../src/contracts/stage-names.ts';
import { toPipelineError } from './error-mapping.ts';
import { logger } from './logger.ts';
import { emitMetrics } from './metrics.ts';

/**
 * Every function wrapped the same way: correlation fields on each log line, one line when it finishes, and on
 * failure one line with the code, the metric StageFailures, and an error whose name is the code.
 */
export function wrap<TEvent, TResult>(
  stage: LambdaStage,
  handler: (event: TEvent) => Promise<TResult>,
  ...extra: MiddlewareObj<TEvent, TResult>[]
): MiddyfiedHandler<TEvent, TResult> {
  return middy<TEvent, TResult>({ timeoutEarlyInMillis: 0 })
    .use(extra)
    .use(correlation<TEvent, TResult>(stage))
    .use(errorReporting<TEvent, TResult>(stage))
    .handler(handler);
}

function correlation<TEvent, TResult>(stage: LambdaStage): MiddlewareObj<TEvent, TResult> {
  let startedAt = 0;
  return {
    before: ({ event, context }) => {
      startedAt = Date.now();
      logger.resetKeys();
      logger.appendKeys({ stage, requestId: context.awsRequestId, ...identifiersIn(event) });
    },
    after: () => {
      logger.info(`${pascalCase(stage)}:Finished`, { durationMs: Date.now() - startedAt });
    },
  };
}

function errorReporting<TEvent, TResult>(stage: LambdaStage): MiddlewareObj<TEvent, TResult> {
  return {
    onError: (request) => {
      const error = toPipelineError(request.error);
      const { code, details } = error;
      const cause = error.cause instanceof Error ? error.cause.stack : undefined;
      const level = error.httpStatus >= 500 ? 'error' : 'warn';
      logger[level](`${pascalCase(stage)}:Failed`, { code, reason: error.message, details, cause });
      emitMetrics(stage, [{ name: METRICS.stageFailures, value: 1 }]);
      request.error = error;
    },
  };
}

/** Project, session, execution and run of a stage's input: ids only, wherever the contract puts them. */
function identifiersIn(event: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  const context = memberOf(event, 'session');
  for (const name of ['archiveId', 'project', 'session', 'execution', 'runId', 'saveId']) {
    const value = memberOf(event, name) ?? memberOf(context, name);
    if (typeof value === 'string') found[name] = value;
  }
  return found;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
