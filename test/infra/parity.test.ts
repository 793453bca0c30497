import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '../../infra/config.ts';
import { STACKS, type StackName, synthesise } from '../helpers/synthesise.ts';

type Document = { Resources: Record<string, { Type: string; Properties?: unknown }>; Parameters?: object };

/**
 * What may differ between the local machine and AWS, and why. Everything else must be the same template, so that
 * what was tested on the machine is what runs in the account.
 */
const ALLOWED: readonly { readonly path: RegExp; readonly reason: string }[] = [
  {
    path: /^Training\/(TrainerImage|StageRunnerImage|ImageBuilder)\w*(\/|$)/,
    reason: 'the machine runs jobs from the checkout; there is no image to build',
  },
  {
    path: /^Training\/(Trainer|StageRunner)Definition\w+\/Properties\/ContainerProperties\/Image$/,
    reason: 'the image is a name that the machine maps to a process',
  },
  {
    path: /^Training\/(Trainer|StageRunner)ExecutionRole\w+\/Properties\/PolicyDocument\//,
    reason: 'the repository of an image that was built here, or any',
  },
  {
    path: /^Training\/TrainerDefinition\w+\/Properties\/ContainerProperties\/(ResourceRequirements|LinuxParameters)\//,
    reason: 'a training job asks for what a laptop has',
  },
  {
    path: /^Training\/PlanRunFunction\w+\/Properties\/Environment\/Variables\/CONTOURFLOW_JOB_\w+$/,
    reason: 'a training job asks for what a laptop has',
  },
  {
    path: /\/(DeletionPolicy|UpdateReplacePolicy)$/,
    reason: 'the machine’s data is deleted with its folder',
  },
  { path: /\/Properties\/(DeletionProtection|DeletionProtectionEnabled)$/, reason: 'as above' },
  { path: /\/Properties\/RetentionInDays$/, reason: 'shorter logs' },
  { path: /Tags\/(\d+\/Value|environment)$/, reason: 'the tag `environment`' },
  {
    path: /^Web\/Files\/Properties\/Config/,
    reason: 'the machine’s web origin passes sign-in on; AWS has an endpoint for it',
  },
];

function differences(left: unknown, right: unknown, path: string): string[] {
  if (JSON.stringify(left) === JSON.stringify(right)) return [];
  if (typeof left !== 'object' || typeof right !== 'object' || !left || !right) return [path];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].flatMap((key) =>
    differences(
      (left as Record<string, unknown>)[key],
      (right as Record<string, unknown>)[key],
      `${path}/${key}`,
    ),
  );
}

const aws = synthesise('aws');
const local = synthesise('local');
const allDifferences = STACKS.flatMap((stack: StackName) => {
  const [left, right] = [aws[stack], local[stack]].map((template) => template.toJSON() as Document);
  return [
    ...differences(left?.Resources, right?.Resources, stack),
    ...differences(left?.Parameters, right?.Parameters, `${stack}/Parameters`),
  ];
});

describe('the local machine and AWS', () => {
  it('get the same stacks, outside a short list with reasons', () => {
    const unexplained = allDifferences.filter((path) => !ALLOWED.some((allowed) => allowed.path.test(path)));
    expect(unexplained).toEqual([]);
  });

  it.each(ALLOWED.map(({ path, reason }) => [path.source, reason, path] as const))(
    'differ at %s: %s',
    (_source, _reason, path) => {
      expect(allDifferences.some((difference) => path.test(difference))).toBe(true);
    },
  );
});

describe('parseConfig', () => {
  it('names every wrong value', () => {
    const wrong = { batchVoxelThreshold: -1, training: { diskGib: 5 }, unknown: 1 };
    expect(() => parseConfig('aws', wrong)).toThrow(
      /batchVoxelThreshold.*diskGib|diskGib.*batchVoxelThreshold/s,
    );
  });

  it('asks for no GPU when there is to be none', () => {
    expect(parseConfig('aws', { training: { cpuOnly: true, jobGpus: 2 } }).training.jobGpus).toBe(0);
  });
});
