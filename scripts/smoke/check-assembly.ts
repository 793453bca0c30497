import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly stack: string;
  readonly resources: Readonly<Record<string, Resource>>;
}

/** Names of stacks begin with it, and so do the names that CloudFormation gives to what they hold. */
export const STACK_PREFIX = 'Contourflow-';
export const STACKS = ['Storage', 'Training', 'Pipeline', 'Api', 'Web', 'Operations'].map(
  (name) => `${STACK_PREFIX}${name}`,
);

export function readTemplates(assembly: string): Template[] {
  return readdirSync(assembly)
    .filter((name) => name.endsWith('.template.json'))
    .map((name) => {
      const template = JSON.parse(readFileSync(join(assembly, name), 'utf8')) as {
        Resources?: Record<string, Resource>;
      };
      return { stack: name.replace('.template.json', ''), resources: template.Resources ?? {} };
    });
}

/**
 * What would make the smoke test fail or cost money afterwards, seen before anything is deployed.
 *
 * @returns one sentence per finding; none when all is well.
 */
export function findProblems(templates: readonly Template[]): string[] {
  const all = templates.flatMap(({ stack, resources }) =>
    Object.entries(resources).map(([id, resource]) => ({ where: `${stack}/${id}`, ...resource })),
  );
  const missing = STACKS.filter((name) => !templates.some(({ stack }) => stack === name));
  const retained = all.filter(({ DeletionPolicy }) => /^(Retain|Snapshot)/.test(DeletionPolicy ?? ''));
  const alwaysOn = all.filter(({ Type, Properties }) => isAlwaysOn(Type, Properties ?? {}));
  const alarms = all.filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
  const silent = alarms.filter(
    ({ Properties }) => !/https?:/.test(JSON.stringify(Properties?.AlarmDescription ?? '')),
  );
  const gpuJobs = all.filter(({ Type, Properties }) =>
    Type === 'AWS::Batch::JobDefinition' ? JSON.stringify(Properties).includes('"GPU"') : false,
  );
  return [
    ...missing.map((name) => `the stack ${name} is missing`),
    ...retained.map(({ where }) => `${where} would stay after the stack is deleted`),
    ...alwaysOn.map(({ where, Type }) => `${where} (${Type}) costs money while nothing happens`),
    ...(alarms.length === 0 ? ['there is no alarm at all'] : []),
    ...silent.map(({ where }) => `the alarm ${where} names no runbook page`),
    ...gpuJobs.map(({ where }) => `${where} asks for a GPU although the smoke test has none`),
  ];
}

/** Things that are paid by the hour whether used or not. */
function isAlwaysOn(type: string, properties: Readonly<Record<string, unknown>>): boolean {
  if (type === 'AWS::EC2::NatGateway' || type === 'AWS::EC2::Instance') return true;
  if (type === 'AWS::RDS::DBInstance' || type === 'AWS::SageMaker::Endpoint') return true;
  if (type !== 'AWS::Batch::ComputeEnvironment') return false;
  const { MinvCpus = 0, DesiredvCpus = 0 } = (properties.ComputeResources ?? {}) as Record<string, number>;
  return MinvCpus > 0 || DesiredvCpus > 0;
}
