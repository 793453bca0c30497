import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openRegionFile } from '../../../src/cli/mask/open-region-file.ts';
import { rtStruct, TEST_SERIES_UID } from '../../helpers/dicom-writer.ts';

/** Enough contours for a file above the size that is read on a thread. */
const CONTOURS = 400;
const POINTS = 360;

function disc(z: number): number[] {
  return Array.from({ length: POINTS }, (_, n) => (2 * Math.PI * n) / POINTS).flatMap((angle) => [
    40 * Math.cos(angle),
    40 * Math.sin(angle),
    z,
  ]);
}

describe('openRegionFile', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'contourflow-regions-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function open(contours: number) {
    const path = join(folder, 'structures.dcm');
    const file = rtStruct({
      rois: [
        {
          number: 3,
          name: 'Liver',
          contours: Array.from({ length: contours }, (_, k) => ({ points: disc(k) })),
        },
      ],
    });
    await writeFile(path, file);
    const { set, complete, close } = await openRegionFile([path]);
    await complete;
    close();
    return { set, sizeBytes: file.length };
  }

  it('reads a structure set, large or small, with its regions and series', async () => {
    const [small, large] = [await open(2), await open(CONTOURS)];
    expect(large.sizeBytes).toBeGreaterThan(2 * 1024 * 1024);
    for (const { set } of [small, large]) {
      expect(set.referencedSeriesUids).toEqual([TEST_SERIES_UID]);
      expect(set.regions.map(({ name }) => name)).toEqual(['Liver']);
    }
  });
});
