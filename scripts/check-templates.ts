/**
 * Checks what would be deployed: synthesises the six stacks for AWS and for the local machine under cdk-nag's four
 * rule packs, then runs cfn-lint over the templates and asl-validator over the state machines. Prints every finding;
 * the exit code is 1 when there is one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import validateStateMachine from 'asl-validator';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, ServerlessChecks } from 'cdk-nag';
import { buildApp } from '../infra/build-app.ts';
import { bundleHandlers } from '../infra/bundle-handlers.ts';
import { DeploymentTarget, parseConfig } from '../infra/config.ts';
import { ensureVenv } from '../local/machine/python-venv.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The CDK writes dependencies on a role that the function's own reference implies; harmless, and not ours. */
const IGNORED_LINT_RULES = ['W3005'];

/** Folder of the templates, or null when a rule pack found something (which the CDK has then printed). */
function synthesise(
  target: DeploymentTarget,
  handlers: Awaited<ReturnType<typeof bundleHandlers>>,
  folder: string,
): string | null {
  const outFolder = join(folder, target);
  const app = buildApp({
    config: parseConfig(target),
    handlers,
    root: ROOT,
    outFolder,
    validateTemplates: true,
  });
  Validations.of(app).addPlugins(
    new AwsSolutionsChecks(app),
    new HIPAASecurityChecks(app),
    new NIST80053R5Checks(app),
    new ServerlessChecks(app),
  );
  try {
    app.synth();
    return outFolder;
  } catch (error) {
    process.stdout.write(`${target}: ${(error as Error).message}\n`);
    return null;
  }
}

function lintTemplates(cfnLint: string, folders: readonly string[]): boolean {
  const templates = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.template.json'))
      .map((name) => join(folder, name)),
  );
  const options = ['--regions', 'us-east-1', '--ignore-checks', ...IGNORED_LINT_RULES];
  const result = spawnSync(cfnLint, [...options, '--template', ...templates], { encoding: 'utf8' });
  if (result.status !== 0) {
    process.stdout.write(`cfn-lint:\n${result.error?.message ?? ''}${result.stdout}${result.stderr}`);
  }
  return result.status === 0;
}

function validateStateMachines(folder: string): boolean {
  const findings = readdirSync(folder)
    .filter((name) => name.endsWith('.asl.json'))
    .flatMap((name) => {
      const { isValid, errorsText } = validateStateMachine(
        JSON.parse(readFileSync(join(folder, name), 'utf8')),
      );
      return isValid ? [] : [`${name}: ${errorsText()}`];
    });
  for (const finding of findings) process.stdout.write(`asl-validator: ${finding}\n`);
  return findings.length === 0;
}

const folder = mkdtempSync(join(tmpdir(), 'contourflow-templates-'));
try {
  const { python } = await ensureVenv('lint');
  const handlers = await bundleHandlers(ROOT, join(folder, 'handlers'));
  const folders = DeploymentTarget.options.map((target) => synthesise(target, handlers, folder));
  const synthesised = folders.filter((found) => found !== null);
  const passed = [
    synthesised.length === folders.length,
    lintTemplates(join(dirname(python), 'cfn-lint'), synthesised),
    validateStateMachines(join(ROOT, 'statemachines')),
  ].every(Boolean);
  if (passed) process.stdout.write('Templates and state machines: no findings.\n');
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
