import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SCHEMA_FOLDER, schemaFiles } from '../../scripts/write-schemas.ts';

describe('JSON Schemas of the trainer', () => {
  const generated = schemaFiles();

  it('are exactly the files that the contracts give, no more and no less', async () => {
    expect((await readdir(SCHEMA_FOLDER)).sort()).toEqual(Object.keys(generated).sort());
  });

  it.each(Object.keys(generated))(
    '%s is up to date (else run: node scripts/write-schemas.ts)',
    async (name) => {
      expect(await readFile(join(SCHEMA_FOLDER, name), 'utf8')).toBe(generated[name]);
    },
  );
});
