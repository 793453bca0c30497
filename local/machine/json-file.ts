import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { PipelineError } from '../../src/contracts/errors.ts';

/** Reads a JSON file by its schema; null when there is none. */
export async function readJsonFile<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new PipelineError(
    'ConfigurationError',
    `${path} does not hold what this version of contourflow writes; remove it and run \`contourflow up\` again`,
    { path, issues: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) },
  );
}

/** Writes beside the file, then renames: a reader or a crash sees the old or the new content, never half. */
export async function writeJsonFile(path: string, value: unknown, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const scratch = `${path}.${randomUUID()}.tmp`;
  const file = await open(scratch, 'wx', mode);
  try {
    await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(scratch, path).catch(async (error) => {
    await rm(scratch, { force: true });
    throw error;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
