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
});
