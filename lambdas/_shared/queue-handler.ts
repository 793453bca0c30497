import type { MiddyfiedHandler } from '@middy/core';
import type { SQSEvent } from 'aws-lambda';
import { METRICS } from '../../src/contracts/metrics.ts';
import { type LambdaStage, pascalCase } from '../../src/contracts/stage-names.ts';
import { toPipelineError } from './error-mapping.ts';
import { logger } from './logger.ts';
import { emitMetrics, type Measurement } from './metrics.ts';
import { wrap } from './middleware.ts';

export interface BatchFailures {
  batchItemFailures: { itemIdentifier: string }[];
}

/**
 * A function that consumes a queue. Messages fail one by one: the others are done, the failed ones come again and
 * end in the dead-letter queue. A message that is not JSON can never succeed and goes the same way.
 */
export function queueHandler<R>(
  stage: LambdaStage,
  handle: (message: unknown) => Promise<R>,
  measure: (result: R) => readonly Measurement[] = () => [],
): MiddyfiedHandler<SQSEvent, BatchFailures> {
  return wrap<SQSEvent, BatchFailures>(stage, async ({ Records }) => {
    const batchItemFailures: BatchFailures['batchItemFailures'] = [];
    for (const { messageId, body } of Records) {
      try {
        const result = await handle(JSON.parse(body));
        logger.info(`${pascalCase(stage)}:Handled`, { messageId, result });
        emitMetrics(stage, measure(result));
      } catch (thrown) {
        const { code, message } = toPipelineError(thrown);
        logger.error(`${pascalCase(stage)}:MessageFailed`, { messageId, code, reason: message });
        emitMetrics(stage, [{ name: METRICS.stageFailures, value: 1 }]);
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  });
}
