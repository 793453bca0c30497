import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { scanDicomFolder } from '../../../src/cli/scan-dicom-folder.ts';
import { acquisitionNamed, STUDY_UID } from '../../truth/acquisition.ts';
import { shapesOf } from '../../truth/shapes.ts';
import { writeClassic } from '../../truth/write-images.ts';
import { writeAim, writeRtstruct } from '../../truth/write-regions.ts';
import { writeSegmentation } from '../../truth/write-segmentation.ts';

const SERIES = acquisitionNamed('anisotropic');
const SHAPES = shapesOf(SERIES).filter(({ name }) => ['small sphere', 'islands'].includes(name));

describe('scanDicomFolder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'scan-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const put = (name: string, bytes: Uint8Array | string) => writeFileSync(join(folder, name), bytes);

  it('finds regions of every kind beside the images, and counts the rest', async () => {
    writeClassic(SERIES)
      .slice(0, 3)
      .forEach((bytes, n) => {
        put(`${n}.dcm`, bytes);
      });
    put('a-rtstruct', writeRtstruct(SERIES, SHAPES));
    put('b-seg', writeSegmentation(SERIES, SHAPES));
    put('c-aim', writeAim(SERIES, SHAPES));
    put('page.html', '<html>');
    put('notes.txt', 'notes');
    const { series, structures, ignored } = await scanDicomFolder(folder);
    expect(series.map(({ seriesUid, files }) => [seriesUid, files.length])).toEqual([[SERIES.seriesUid, 3]]);
    const names = SHAPES.map(({ name }) => name);
    expect(structures.map(({ file, ...found }) => ({ file: basename(file), ...found }))).toEqual(
      [
        ['a-rtstruct', 'RTSTRUCT'],
        ['b-seg', 'SEG'],
        ['c-aim', 'AIM'],
      ].map(([file, format]) => ({
        file,
        format,
        studyUid: STUDY_UID,
        seriesUids: [SERIES.seriesUid],
        roiNames: names,
      })),
    );
    expect(ignored.map((path) => basename(path))).toEqual(['notes.txt', 'page.html']);
  });

  it('refuses a damaged file by its name, or tells of each and goes on', async () => {
    const [whole = new Uint8Array(), second = new Uint8Array()] = writeClassic(SERIES);
    put('0.dcm', whole);
    put('1.dcm', second.subarray(0, 400));
    put('2-rtstruct', writeRtstruct(SERIES, []));
    put('3-aim', '<ImageAnnotationCollection');
    await expect(scanDicomFolder(folder)).rejects.toMatchObject({
      code: 'TruncatedDicom',
      message: expect.stringMatching(/^1\.dcm: .*; export this file again, or take it out of the folder$/),
      details: { file: '1.dcm' },
    });
    const damaged: string[] = [];
    const { series, structures, ignored } = await scanDicomFolder(folder, ({ path, error }) => {
      damaged.push(`${basename(path)} ${error.code}`);
    });
    expect(damaged).toEqual(['1.dcm TruncatedDicom', '2-rtstruct EmptyRtstruct', '3-aim MalformedAim']);
    expect(series.map(({ sopInstanceUids }) => sopInstanceUids.length)).toEqual([1]);
    expect([structures, ignored]).toEqual([[], []]);
  });

  it('says which folder is not there', async () => {
    const error = expect.objectContaining({
      code: 'NotFound',
      message: expect.stringMatching(/is not a folder/),
    });
    await expect(scanDicomFolder(join(folder, 'none'))).rejects.toEqual(error);
    put('file', '');
    await expect(scanDicomFolder(join(folder, 'file'))).rejects.toEqual(error);
  });
});
