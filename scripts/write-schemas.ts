/**
 * Writes `trainer/contracts/*.schema.json` from the zod contracts, so that the Python trainer checks what it
 * reads and writes against the same rules. Run: `node scripts/write-schemas.ts`.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { DatasetManifest } from '../src/contracts/dataset.ts';
import { ERROR_CODES } from '../src/contracts/errors.ts';
import {
  BrokerRequest,
  BrokerResponse,
  EvaluationResult,
  EvaluationSpec,
  ExportResult,
  ExportSpec,
  MetricLine,
  TrainingResult,
  TrainingSpec,
} from '../src/contracts/training.ts';

/** Every contract that crosses from TypeScript to Python or back, by file name without its ending. */
const CONTRACTS: Readonly<Record<string, z.ZodType>> = {
  'broker-request': BrokerRequest,
  'broker-response': BrokerResponse,
  'dataset-manifest': DatasetManifest,
  'error-code': z.enum(Object.keys(ERROR_CODES)),
  'evaluation-result': EvaluationResult,
  'evaluation-spec': EvaluationSpec,
  'export-result': ExportResult,
  'export-spec': ExportSpec,
  'metric-line': MetricLine,
  'training-result': TrainingResult,
  'training-spec': TrainingSpec,
};

export const SCHEMA_FOLDER = fileURLToPath(new URL('../trainer/contracts', import.meta.url));

/**
 * File name to file text. The schemas describe a parsed value (`io: 'output'`): what a stage writes has its
 * defaults filled in, so the trainer holds no second copy of them.
 */
export function schemaFiles(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [name, contract] of Object.entries(CONTRACTS)) {
    const schema = z.toJSONSchema(contract, { target: 'draft-2020-12', io: 'output' });
    files[`${name}.schema.json`] = `${JSON.stringify(schema, null, 2)}\n`;
  }
  return files;
}

async function writeSchemas(): Promise<void> {
  const files = schemaFiles();
  await mkdir(SCHEMA_FOLDER, { recursive: true });
  for (const stale of await readdir(SCHEMA_FOLDER)) {
    if (!(stale in files)) await rm(join(SCHEMA_FOLDER, stale));
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(SCHEMA_FOLDER, name), text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeSchemas();
