import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openFileSink } from '../../../src/engine/file-sink.ts';
import { listFolder } from '../../../src/engine/local-source.ts';
import { planPieces } from '../../../src/engine/plan-pieces.ts';
import { MAX_SLAB_BYTES, readIntoSlab } from '../../../src/engine/shared-slab.ts';
import { createGeometry } from '../../../src/imaging/geometry/volume-geometry.ts';
import { codeOf } from './code-of.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'contourflow-engine-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('readIntoSlab', () => {
  it('reads every file of a folder into one piece of shared memory, at multiples of 8', async () => {
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'b', 'two'), 'second file');
    await writeFile(join(folder, 'a'), 'first');
    await writeFile(join(folder, 'c'), '');
    await symlink(join(folder, 'a'), join(folder, 'd'));
    const sources = await listFolder(folder);
    expect(sources.map(({ sizeBytes }) => sizeBytes)).toEqual([5, 11, 0]);
    const read: Uint8Array<SharedArrayBuffer>[] = [];
    await readIntoSlab(sources, { atOnce: 2, onRead: (bytes, index) => (read[index] = bytes) });
    expect(read.map((bytes) => Buffer.from(bytes).toString())).toEqual(['first', 'second file', '']);
    expect(read.map(({ byteOffset }) => byteOffset)).toEqual([0, 8, 24]);
    expect(new Set(read.map(({ buffer }) => buffer)).size).toBe(1);
  });

  it('refuses a file that became shorter, and what does not fit into memory', async () => {
    await writeFile(join(folder, 'a'), 'first');
    const sources = await listFolder(folder);
    await truncate(join(folder, 'a'), 2);
    expect(await codeOf(readIntoSlab(sources, { atOnce: 1, onRead: () => {} }))).toBe('UpstreamError');
    const huge = { name: 'huge', sizeBytes: MAX_SLAB_BYTES + 1, readInto: async () => {} };
    expect(await codeOf(readIntoSlab([huge], { atOnce: 1, onRead: () => {} }))).toBe('VolumeTooLarge');
  });
});

describe('listFolder', () => {
  it('lists files that can be read at once, as far as is asked', async () => {
    await writeFile(join(folder, 'b'), 'second');
    const [file] = (await listFolder(folder)).filter(({ name }) => name.endsWith('b'));
    const target = new Uint8Array(3);
    file?.readNow(target);
    expect(new TextDecoder().decode(target)).toBe('sec');
    await truncate(join(folder, 'b'), 2);
    const read = async () => file?.readNow(target);
    expect(await codeOf(read())).toBe('UpstreamError');
  });
});

describe('openFileSink', () => {
  it('shows a file when it is complete, and replaces the one before it', async () => {
    const path = join(folder, 'out.nii');
    await writeFile(path, 'old');
    const sink = await openFileSink(path);
    await sink.write(Buffer.from('new '));
    await sink.write(Buffer.from('content'));
    expect(await readFile(path, 'utf8')).toBe('old');
    await sink.finish();
    expect(await readFile(path, 'utf8')).toBe('new content');
    expect(await readdir(folder)).toEqual(['out.nii']);
  });

  it('leaves nothing behind when it is aborted or cannot take its name', async () => {
    const aborted = await openFileSink(join(folder, 'out.nii'));
    await aborted.write(Buffer.from('half'));
    await aborted.abort();
    await mkdir(join(folder, 'taken', 'inside'), { recursive: true });
    const sink = await openFileSink(join(folder, 'taken'));
    await expect(sink.finish()).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('planPieces', () => {
  const grid = (columns: number, rows: number, planes: number) =>
    createGeometry({
      sizeIjk: [columns, rows, planes],
      spacingMm: [1, 1, 1],
      originLps: [0, 0, 0],
      directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    });

  it('cuts volumes into whole planes of about 2 MiB', () => {
    expect(planPieces(grid(512, 512, 10), 2)).toEqual([
      { piece: 0, first: 0, last: 4 },
      { piece: 1, first: 4, last: 8 },
      { piece: 2, first: 8, last: 10 },
    ]);
    expect(planPieces(grid(4096, 4096, 2), 4)).toHaveLength(2);
    expect(planPieces(grid(16, 16, 100), 1)).toEqual([{ piece: 0, first: 0, last: 100 }]);
  });
});
