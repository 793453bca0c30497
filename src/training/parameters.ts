import { PipelineError } from '../contracts/errors.ts';
import { type BakedInParameters, TrainingParameters } from '../contracts/training.ts';

export const PARAMETER_NAMES = Object.keys(TrainingParameters.shape) as (keyof TrainingParameters)[];

/** The part of a training config that decides parameters. */
export interface ParameterRules {
  readonly bakedIn: BakedInParameters;
  /** Names that a launch may set. One that is baked in too has its baked-in value as default. */
  readonly runtime: readonly string[];
}

/**
 * The parameters of a launch: our defaults, then what the config bakes in, then what the launch sets.
 *
 * @throws InvalidParameters listing every bad one with what it may be.
 */
export function resolveParameters(
  rules: ParameterRules,
  launch: Readonly<Record<string, unknown>>,
): TrainingParameters {
  const problems = Object.keys(launch).flatMap((name) => settable(name, rules.runtime));
  const parsed = TrainingParameters.safeParse({ ...rules.bakedIn, ...known(launch) });
  const issues = parsed.error?.issues ?? [];
  problems.push(...issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
  if (!parsed.success || problems.length > 0) {
    throw new PipelineError(
      'InvalidParameters',
      `${problems.length} parameter(s) cannot be used: ${problems.join('; ')}; correct them and launch again`,
      { problems },
    );
  }
  return parsed.data;
}

/** @throws InvalidParameters when a training config opens parameters that do not exist. */
export function requireRuntimeNames(names: readonly string[]): void {
  const unknown = names.filter((name) => !isParameter(name));
  if (unknown.length > 0) {
    throw new PipelineError(
      'InvalidParameters',
      `there is no parameter ${unknown.map((name) => `"${name.slice(0, 64)}"`).join(', ')}; known are ${PARAMETER_NAMES.join(', ')}`,
      { unknown },
    );
  }
}

function settable(name: string, runtime: readonly string[]): string[] {
  if (!isParameter(name)) {
    return [`${name.slice(0, 64)}: no such parameter (known: ${PARAMETER_NAMES.join(', ')})`];
  }
  if (!runtime.includes(name)) {
    const open = runtime.length > 0 ? runtime.join(', ') : 'none';
    return [`${name}: the training config does not let a launch set it (it lets set: ${open})`];
  }
  return [];
}

function known(launch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(launch).filter(([name]) => isParameter(name)));
}

function isParameter(name: string): name is keyof TrainingParameters {
  return Object.hasOwn(TrainingParameters.shape, name);
}
