import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** A scan reads every project's records: slow, costly, and across the tenant boundary. */
const SCAN =
  /\b(ScanCommand|paginateScan|ScanInput|dynamodb:Scan|dynamodb:PartiQL\w*|ExecuteStatementCommand)\b/;

describe('the table', () => {
  it.each(['src', 'lambdas', 'infra', 'statemachines'])('is scanned by nothing in %s/', (folder) => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|json)$/.test(name) && !/(^|\/)(node_modules|\.venv)\//.test(name))
      .map((name) => join(folder, name));
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => SCAN.test(readFileSync(file, 'utf8')))).toEqual([]);
  });
});
