import type { Phantom } from './generate-phantom.ts';
import { createRandom, uidFrom } from './random.ts';
import type { Region, Structures } from './structures.ts';
import { add, scale } from './vector.ts';
import { writeSeries } from './write-series.ts';

/**
 * Faults as they happen in hospitals:
 * - `other-series`: one region was drawn on a second reconstruction, the others on the series that the object names;
 * - `empty-rtstruct`: a structure set without regions;
 * - `truncated-dicom`: an image file whose transfer broke off inside its pixels;
 * - `unmapped-region`: a region that no label map names;
 * - `shifted-label`: contours 9 mm beside their organs, which only an evaluation can find.
 */
export type Defect =
  | 'other-series'
  | 'empty-rtstruct'
  | 'truncated-dicom'
  | 'unmapped-region'
  | 'shifted-label';

export const UNMAPPED_REGION = 'Gallbladder';
const SHIFT_MM = 9;

/** The phantom with one fault; everything else, its truth included, stays as it was. */
export function withDefect(phantom: Phantom, defect: Defect): Phantom {
  switch (defect) {
    case 'other-series':
      return drawnOnOtherSeries(phantom);
    case 'empty-rtstruct':
      return withRegions(phantom, () => []);
    case 'truncated-dicom':
      return truncated(phantom);
    case 'unmapped-region':
      return withRegions(phantom, (regions) => [
        ...regions,
        ...regions.slice(-1).map((region) => ({ ...region, name: UNMAPPED_REGION })),
      ]);
    case 'shifted-label':
      return withRegions(phantom, (regions) => shifted(phantom, regions));
  }
}

function withRegions(phantom: Phantom, change: (regions: readonly Region[]) => readonly Region[]): Phantom {
  const { structures } = phantom;
  return { ...phantom, structures: { ...structures, regions: change(structures.regions) } };
}

function drawnOnOtherSeries(phantom: Phantom): Phantom {
  const { series } = phantom.structures;
  const otherUid = new Map(series.sopInstanceUids.map((uid) => [uid, uidFrom('other series', uid)]));
  const other: Structures = {
    ...phantom.structures,
    series: {
      ...series,
      seriesUid: uidFrom('other series', series.seriesUid),
      sopInstanceUids: [...otherUid.values()],
    },
  };
  const random = createRandom(other.series.seriesUid);
  const scan = writeSeries({ seriesNumber: '3', structures: other, truth: phantom.truth, random });
  const redrawn = withRegions(phantom, (regions) => {
    const [last] = regions.slice(-1);
    if (last === undefined) return regions;
    const contours = last.contours.map((contour) => ({
      ...contour,
      sopInstanceUid: otherUid.get(contour.sopInstanceUid) ?? contour.sopInstanceUid,
    }));
    return [...regions.slice(0, -1), { ...last, contours }];
  });
  return { ...redrawn, scans: [...phantom.scans, scan] };
}

function truncated(phantom: Phantom): Phantom {
  const scans = phantom.scans.map((scan) => ({
    ...scan,
    files: scan.files.map((file, at) =>
      at === 0 ? { ...file, bytes: file.bytes.subarray(0, Math.floor(file.bytes.length * 0.6)) } : file,
    ),
  }));
  return { ...phantom, scans };
}

function shifted(phantom: Phantom, regions: readonly Region[]): Region[] {
  const by = scale(phantom.truth.grid.rowCosine, SHIFT_MM);
  return regions.map((region) => ({
    ...region,
    contours: region.contours.map((contour) => ({
      ...contour,
      points: contour.points.map((point) => add(point, by)),
    })),
  }));
}
