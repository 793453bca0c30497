import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What a deployment is made of: when none of it changed, nothing has to be deployed. */
export const DEPLOYED_SOURCES = [
  'infra',
  'lambdas',
  'src',
  'statemachines',
  'web/dist',
  'cdk.json',
  'package-lock.json',
] as const;

const IGNORED = new Set(['node_modules', '.venv', 'cdk.out', '__pycache__', 'lint']);
/** Made from other sources; counted only when asked for by name. */
const BUILT = new Set(['dist']);

/** Digest of the names and bytes of all files below the given paths; an absent path counts as absent. */
export function digestSources(root: string, paths: readonly string[], extra = ''): string {
  const hash = createHash('sha256').update(extra);
  for (const path of paths) {
    for (const file of listFiles(join(root, path))) {
      hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
    }
  }
  return hash.digest('hex');
}

function listFiles(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (found.isFile()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => !IGNORED.has(name) && !BUILT.has(name))
    .sort(byName)
    .flatMap((entry) => listFiles(join(path, entry.name)));
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}
