import { describe, expect, it, jest } from '@jest/globals';
import dicomParser from 'dicom-parser';
import { voxelIndex } from '../../../local/phantoms/acquisition.ts';
import { UNMAPPED_REGION, withDefect } from '../../../local/phantoms/defects.ts';
import { generatePhantom, phantomRtstruct } from '../../../local/phantoms/generate-phantom.ts';
import { readDicomReferences } from '../../../local/xnat/dicom-references.ts';

// Loaded build machines take several times as long as an idle one.
jest.setTimeout(60_000);

const sound = generatePhantom({ seed: 3, subject: 2 });

describe('withDefect', () => {
  it('other-series: adds a second series and draws one region on its images', () => {
    const phantom = withDefect(sound, 'other-series');
    const [, other] = phantom.scans;
    const otherImages = new Set(
      other?.files.map((file) => dicomParser.parseDicom(file.bytes).string('x00080018') ?? ''),
    );
    const kidney = phantom.structures.regions.find((region) => region.name === 'Kidney');
    const liver = phantom.structures.regions.find((region) => region.name === 'Liver');
    expect(other?.seriesUid).not.toBe(sound.scans[0]?.seriesUid);
    expect(kidney?.contours.every((contour) => otherImages.has(contour.sopInstanceUid))).toBe(true);
    expect(liver?.contours.some((contour) => otherImages.has(contour.sopInstanceUid))).toBe(false);
    const references = readDicomReferences(phantomRtstruct(phantom));
    expect(references.seriesUids).toEqual([sound.scans[0]?.seriesUid]);
  });

  it('empty-rtstruct: holds no region but is a readable object of the same study', () => {
    const references = readDicomReferences(phantomRtstruct(withDefect(sound, 'empty-rtstruct')));
    expect(references.sopInstanceUids).toEqual([]);
    expect(references.studyUids).toEqual([sound.studyUid]);
  });

  it('truncated-dicom: cuts one file inside its pixel data and leaves the others whole', () => {
    const files = withDefect(sound, 'truncated-dicom').scans[0]?.files ?? [];
    const whole = sound.scans[0]?.files ?? [];
    expect(files[0]?.bytes.length).toBeLessThan(whole[0]?.bytes.length ?? 0);
    expect(files.slice(1).map((file) => file.bytes.length)).toEqual(
      whole.slice(1).map((file) => file.bytes.length),
    );
    const header = dicomParser.parseDicom(files[0]?.bytes as Uint8Array, { untilTag: 'x7fe00010' });
    expect(header.string('x0020000e')).toBe(sound.scans[0]?.seriesUid);
  });

  it('unmapped-region: adds a region that the label map does not name', () => {
    const names = withDefect(sound, 'unmapped-region').structures.regions.map((region) => region.name);
    expect(names).toEqual(['Liver', 'Spleen', 'Kidney', UNMAPPED_REGION]);
  });

  it('shifted-label: moves every contour by 9 mm along the rows and keeps it on its slice', () => {
    const moved = withDefect(sound, 'shifted-label').structures.regions[0]?.contours[0]?.points[0];
    const original = sound.structures.regions[0]?.contours[0]?.points[0];
    const [i, j, k] = voxelIndex(sound.truth.grid, moved ?? [0, 0, 0]);
    const [i0, j0, k0] = voxelIndex(sound.truth.grid, original ?? [0, 0, 0]);
    expect((i - i0) * sound.truth.grid.spacing[0]).toBeCloseTo(9, 6);
    expect([j, k]).toEqual([expect.closeTo(j0, 6), expect.closeTo(k0, 6)]);
  });
});
