import { describe, expect, it, jest } from '@jest/globals';
import dicomParser from 'dicom-parser';
import { voxelIndex } from '../../../local/phantoms/acquisition.ts';
import { ORGAN_NAMES } from '../../../local/phantoms/anatomy.ts';
import { areaOf } from '../../../local/phantoms/draw-structures.ts';
import {
  generatePhantom,
  type Phantom,
  phantomAim,
  phantomRtstruct,
} from '../../../local/phantoms/generate-phantom.ts';
import type { Contour, Region } from '../../../local/phantoms/structures.ts';
import type { Vec3 } from '../../../local/phantoms/vector.ts';
import { readAim } from '../../../local/xnat/aim.ts';

// Loaded build machines take several times as long as an idle one.
jest.setTimeout(60_000);

const nested = generatePhantom({ seed: 5, subject: 1 });
const keyhole = generatePhantom({ seed: 5, subject: 4 });
const feetFirst = generatePhantom({ seed: 5, subject: 2 });
const regionOf = (phantom: Phantom, name: string): Region =>
  phantom.structures.regions.find((region) => region.name === name) as Region;

/** Even-odd count of polygon edges to the right of a pixel centre, in pixel units. */
function isInside(i: number, j: number, polygon: readonly (readonly [number, number])[]): boolean {
  let inside = false;
  polygon.forEach(([ax, ay], at) => {
    const [bx, by] = polygon[(at + 1) % polygon.length] as readonly [number, number];
    if (ay > j !== by > j && i < ((bx - ax) * (j - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

/** Label 1 + region index where an odd number of the region's polygons encloses the voxel centre. */
function rasterise(phantom: Phantom): Uint8Array {
  const { grid, labels, sopInstanceUids } = phantom.truth;
  const mask = new Uint8Array(labels.length);
  phantom.structures.regions.forEach((region, at) => {
    for (const contour of region.contours) {
      const k = sopInstanceUids.indexOf(contour.sopInstanceUid);
      const polygon = contour.points.map(
        (p) => voxelIndex(grid, p).slice(0, 2) as unknown as [number, number],
      );
      for (let j = 0; j < grid.rows; j += 1) {
        for (let i = 0; i < grid.columns; i += 1) {
          const voxel = (k * grid.rows + j) * grid.columns + i;
          if (isInside(i, j, polygon)) mask[voxel] = mask[voxel] === at + 1 ? 0 : at + 1;
        }
      }
    }
  });
  return mask;
}

describe('contours of a phantom', () => {
  it.each([
    ['oblique, nested hole', nested],
    ['oblique, keyhole', keyhole],
    ['feet-first, keyhole', feetFirst],
  ])('rasterise at voxel centres to exactly the analytic organs (%s)', (_, phantom) => {
    expect(Buffer.from(rasterise(phantom)).equals(Buffer.from(phantom.truth.labels))).toBe(true);
    for (const name of ORGAN_NAMES) expect(phantom.truth.voxels[name]).toBeGreaterThan(300);
  });

  it('lie on the plane of the image they name, within 1e-6 mm', () => {
    const { grid, sopInstanceUids } = nested.truth;
    const offPlane = nested.structures.regions
      .flatMap((region) => region.contours)
      .map((contour) => {
        const k = sopInstanceUids.indexOf(contour.sopInstanceUid);
        return Math.max(...contour.points.map((p) => Math.abs(voxelIndex(grid, p)[2] - k)));
      });
    expect(Math.max(...offPlane)).toBeLessThan(1e-6);
  });

  it('draw the sinus of the kidney as a second contour of its slice, or joined to the first', () => {
    const perSlice = (region: Region) => {
      const counts = new Map<string, Contour[]>();
      for (const contour of region.contours) {
        counts.set(contour.sopInstanceUid, [...(counts.get(contour.sopInstanceUid) ?? []), contour]);
      }
      return [...counts.values()];
    };
    expect(
      perSlice(regionOf(nested, 'Kidney')).filter((contours) => contours.length === 2).length,
    ).toBeGreaterThan(2);
    expect(perSlice(regionOf(keyhole, 'Kidney')).every((contours) => contours.length === 1)).toBe(true);
  });

  it('run a keyhole against its outline, so that its signed area is that of the organ', () => {
    const { grid } = keyhole.truth;
    const region = regionOf(keyhole, 'Kidney');
    const volume =
      region.contours.reduce((sum, contour) => sum + Math.abs(areaOf(contour.points, grid)), 0) *
      grid.spacing[2];
    const voxelVolume = grid.spacing[0] * grid.spacing[1] * grid.spacing[2];
    expect(volume / (keyhole.truth.voxels.Kidney * voxelVolume)).toBeCloseTo(1, 1);
  });
});

describe('phantomRtstruct', () => {
  const dataset = dicomParser.parseDicom(phantomRtstruct(nested));
  const itemsOf = (set: dicomParser.DataSet | undefined, tag: string) =>
    (set?.elements[tag]?.items ?? []).map((item) => item.dataSet as dicomParser.DataSet);

  it('names frame, study, series and every image it was drawn on', () => {
    const frame = itemsOf(dataset, 'x30060010')[0];
    const study = itemsOf(frame, 'x30060012')[0];
    const series = itemsOf(study, 'x30060014')[0];
    expect(frame?.string('x00200052')).toBe(nested.structures.series.frameOfReferenceUid);
    expect(study?.string('x00081155')).toBe(nested.studyUid);
    expect(series?.string('x0020000e')).toBe(nested.scans[0]?.seriesUid);
    expect(itemsOf(series, 'x30060016')).toHaveLength(nested.truth.grid.slices);
  });

  it('holds every contour CLOSED_PLANAR, its points to 1e-4 mm in decimal strings of at most 16 characters', () => {
    const rois = itemsOf(dataset, 'x30060039');
    expect(rois).toHaveLength(3);
    const written = rois.flatMap((roi) => itemsOf(roi, 'x30060040'));
    const drawn = nested.structures.regions.flatMap((region) => region.contours);
    expect(written).toHaveLength(drawn.length);
    written.forEach((contour, at) => {
      const texts = (contour.string('x30060050') ?? '').split('\\');
      const points = (drawn[at] as Contour).points.flat();
      expect(contour.string('x30060042')).toBe('CLOSED_PLANAR');
      expect(Number(contour.string('x30060046')) * 3).toBe(texts.length);
      expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(16);
      expect(
        Math.max(...texts.map((text, n) => Math.abs(Number(text) - (points[n] as number)))),
      ).toBeLessThan(6e-5);
    });
  });
});

describe('phantomAim', () => {
  it('puts the centre of the first pixel at (0.5, 0.5) and repeats the first point with index 0', () => {
    const text = phantomAim(nested);
    const contour = regionOf(nested, 'Liver').contours[0] as Contour;
    const [i, j] = voxelIndex(nested.truth.grid, contour.points[0] as Vec3);
    const first = readAim(text).regions[0]?.polygons[0];
    expect(first?.sopInstanceUid).toBe(contour.sopInstanceUid);
    expect(first?.points).toHaveLength(contour.points.length);
    expect(first?.points[0]?.[0]).toBeCloseTo(i + 0.5, 4);
    expect(first?.points[0]?.[1]).toBeCloseTo(j + 0.5, 4);
    const collection =
      /<twoDimensionSpatialCoordinateCollection>(.*?)<\/twoDimensionSpatialCoordinateCollection>/s;
    const indices = [...(collection.exec(text)?.[1] ?? '').matchAll(/coordinateIndex value="(\d+)"/g)];
    expect(indices.at(-1)?.[1]).toBe('0');
    expect(indices).toHaveLength(contour.points.length + 1);
  });
});
