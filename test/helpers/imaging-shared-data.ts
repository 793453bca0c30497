import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe } from '@jest/globals';

/** Folder of public test data; never part of the repository. */
const SHARED_DATA = resolve(process.env.CONTOURFLOW_TEST_DATA ?? '../shared/data');

/** A group of tests that needs the shared data; reported as skipped, with the path and variable, when it is absent. */
export function describeWithSharedData(name: string, body: () => void): void {
  if (existsSync(`${SHARED_DATA}/expected.json`)) describe(name, body);
  else describe.skip(`${name} (skipped: no data at ${SHARED_DATA}; set CONTOURFLOW_TEST_DATA)`, body);
}

/** The files of one folder, licences and notes left out, in the order of their names. */
export async function readSharedFolder(folder: string): Promise<Uint8Array[]> {
  const entries = await readdir(`${SHARED_DATA}/${folder}`, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !/LICENSE|README/.test(entry.name))
    .map(({ name }) => name);
  return Promise.all(names.toSorted().map((name) => readFile(`${SHARED_DATA}/${folder}/${name}`)));
}

export function readSharedFile(path: string): Promise<Uint8Array> {
  return readFile(`${SHARED_DATA}/${path}`);
}
