import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Template } from 'aws-cdk-lib/assertions';
import type { DeploymentTarget } from '../../infra/config.ts';

export const STACKS = ['Storage', 'Training', 'Pipeline', 'Api', 'Web', 'Operations'] as const;
export type StackName = (typeof STACKS)[number];
export type Templates = Record<StackName, Template>;

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WRITE_TEMPLATES = fileURLToPath(new URL('write-templates.ts', import.meta.url));

/**
 * The templates of all six stacks, synthesised by a fresh process.
 *
 * @param overrides - of the target's default configuration.
 * @throws Error with what the process wrote when it fails.
 */
export function synthesise(target: DeploymentTarget, overrides: Record<string, unknown> = {}): Templates {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [WRITE_TEMPLATES, target, JSON.stringify(overrides)],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (status !== 0) throw new Error(`the stacks could not be synthesised:\n${stderr}`);
  const documents = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
  return Object.fromEntries(
    STACKS.map((name) => [name, Template.fromJSON(documents[`Contourflow-${name}`] ?? {})]),
  ) as Templates;
}
