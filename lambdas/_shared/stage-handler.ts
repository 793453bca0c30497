import type { MiddyfiedHandler } from '@middy/core';
import type { z } from 'zod';
import { PipelineError } from '../../src/contracts/errors.ts';
import { SCHEMA_VERSION } from '../../src/contracts/schema-version.ts';
import type { LambdaStage } from '../../src/contracts/stage-names.ts';
import { pathsOf } from './error-mapping.ts';
import { emitMetrics, type Measurement } from './metrics.ts';
import { wrap } from './middleware.ts';

/**
 * The handler of one stage of a state machine. What comes in and what goes out are both parsed, so that a state
 * cannot pass on what the next one would choke on.
 *
 * @param measure - what to count of an output
 * @throws by name, for Step Functions: InvalidRequest for an input that is not the stage's, UnknownSchemaVersion for
 *   one of a newer release, InternalError for an output that is not the stage's, and every code of the use case
 */
export function stageHandler<I extends z.ZodType, O extends z.ZodType>(
  stage: LambdaStage,
  Input: I,
  Output: O,
  run: (input: z.output<I>) => Promise<z.input<O>>,
  measure: (output: z.output<O>) => readonly Measurement[] = () => [],
): MiddyfiedHandler<unknown, z.output<O>> {
  return wrap<unknown, z.output<O>>(stage, async (event) => {
    const output = parseOutput(stage, Output, await run(parseInput(stage, Input, event)));
    emitMetrics(stage, measure(output));
    return output;
  });
}

export function parseInput<I extends z.ZodType>(stage: string, Input: I, event: unknown): z.output<I> {
  requireKnownVersion(stage, event);
  const parsed = Input.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new PipelineError(
    'InvalidRequest',
    `the input of ${stage} does not match its contract at ${pathsOf(parsed.error)}; start the workflow again`,
    { stage },
  );
}

function parseOutput<O extends z.ZodType>(stage: string, Output: O, value: unknown): z.output<O> {
  const parsed = Output.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PipelineError(
    'InternalError',
    `the output of ${stage} does not match its contract at ${pathsOf(parsed.error)}; report this with the log`,
    { stage },
  );
}

function requireKnownVersion(stage: string, event: unknown): void {
  const version: unknown =
    typeof event === 'object' && event !== null ? Reflect.get(event, 'schemaVersion') : undefined;
  if (typeof version !== 'number' || version <= SCHEMA_VERSION) return;
  throw new PipelineError(
    'UnknownSchemaVersion',
    `${stage} got schema version ${version} and knows up to ${SCHEMA_VERSION}; update Contourflow`,
    { stage, version },
  );
}
