import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { buildApp } from '../../infra/build-app.ts';
import { type DeploymentTarget, parseConfig } from '../../infra/config.ts';

export const STACKS = ['Storage', 'Training', 'Pipeline', 'Api', 'Web', 'Operations'] as const;
export type StackName = (typeof STACKS)[number];
export type Templates = Record<StackName, Template>;

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The app with empty handlers: what a template says does not depend on what a handler does. */
export function emptyHandlersApp(target: DeploymentTarget, overrides: Record<string, unknown> = {}): App {
  const folder = mkdtempSync(join(tmpdir(), 'contourflow-infra-'));
  const handlers = (name: string) => {
    const path = join(folder, 'handlers', name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'index.mjs'), `export const handler = async () => '${name}';\n`);
    return path;
  };
  return buildApp({
    config: parseConfig(target, overrides),
    handlers: { folder: handlers },
    root: ROOT,
    outFolder: join(folder, 'cdk.out'),
  });
}

/** The templates of all six stacks. */
export function synthesise(target: DeploymentTarget, overrides: Record<string, unknown> = {}): Templates {
  const app = emptyHandlersApp(target, overrides);
  const template = (name: StackName) =>
    Template.fromStack(app.node.findChild(`Contourflow-${name}`) as Stack);
  return Object.fromEntries(STACKS.map((name) => [name, template(name)])) as Templates;
}
