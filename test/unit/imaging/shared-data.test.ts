import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { isErrorCode } from '../../../src/contracts/errors.ts';
import { parseRtstruct } from '../../../src/imaging/contour/parse-rtstruct.ts';
import { prepareCodecs } from '../../../src/imaging/dicom/codecs/prepare-codecs.ts';
import { parseSlices } from '../../../src/imaging/dicom/parse-slice.ts';
import type { Slice } from '../../../src/imaging/dicom/slice.ts';
import { decodeFrame } from '../../../src/imaging/dicom/stored-pixels.ts';
import { flipLpsRas } from '../../../src/imaging/geometry/affine.ts';
import {
  cornerDistanceMm,
  geometryFromAffine,
  type VolumeGeometry,
} from '../../../src/imaging/geometry/volume-geometry.ts';
import { buildMask } from '../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../src/imaging/mask/contour-regions.ts';
import { parseLabelMap } from '../../../src/imaging/mask/label-map.ts';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { encodeNifti } from '../../../src/imaging/nifti/encode-nifti.ts';
import { type ImageVolume, renderVolume } from '../../../src/imaging/series/image-volume.ts';
import { planSeries } from '../../../src/imaging/series/plan-series.ts';
import type { SeriesPlan, VolumePlan } from '../../../src/imaging/series/volume-plan.ts';
import { canonicalGeometry, meanOf, rangeOf, valuesInOrderOf } from '../../helpers/imaging-canonical.ts';
import {
  describeWithSharedData,
  readSharedFile,
  readSharedFolder,
} from '../../helpers/imaging-shared-data.ts';

/** The parts of expected.json that these tests read. */
interface Expected {
  readonly series: Readonly<Record<string, { readonly dcm2niix: readonly ExpectedVolume[] }>>;
  readonly rtstruct: Readonly<
    Record<string, { readonly referenced_ct: string; readonly rois: readonly ExpectedRoi[] }>
  >;
}

interface ExpectedVolume {
  /** i, j and k, and how many volumes of that size follow one another. */
  readonly shape: readonly [number, number, number, number?];
  readonly affine_ras: readonly (readonly number[])[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of the real-world values, where they are integers. */
  readonly sha256_int16le: string;
  /** Of the values before slope and intercept. */
  readonly sha256_stored: string;
}

interface ExpectedRoi {
  readonly number: number;
  readonly name: string;
  readonly voxels: number;
  readonly scanline_voxels: number;
  readonly volume_mm3: number;
}

/** Series whose every voxel is what dcm2niix writes; 4D ones as one volume per phase. */
const SAME_VOXELS = [
  'rtstruct/4d-lung/ct',
  'rtstruct/rt-utils/ct',
  'series/ge/anatomical',
  'series/ge/dti',
  'series/ge/fmri',
  'series/generic/anatomical-j2k',
  'series/generic/anatomical-jpeg-lossless',
  'series/generic/anatomical-jpegls',
  'series/generic/anatomical-rle',
  'series/hitachi/anatomical',
  'series/hyperfine/multiframe-anatomical',
  'series/philips/anatomical',
  'series/philips/dti',
  'series/philips/fmri',
  'series/siemens/anatomical',
  'series/siemens/dti-classic',
  'series/siemens/fmri-mosaic',
  'series/siemens/multiframe-anatomical',
];

/** dcm2niix scales them by Philips' private factors; we by RescaleSlope, as the file says. The stored voxels are equal. */
const OTHER_SCALE = ['series/philips/enhanced-anatomical', 'series/philips/enhanced-fmri'];

const STRUCTURE_SETS = [
  'rtstruct/4d-lung/rtstruct/1-1.dcm',
  'rtstruct/rt-utils/rtstruct/rt.dcm',
  'rtstruct/rt-utils/rtstruct/invalid_reference_rt.dcm',
  'rtstruct/rt-utils/rtstruct/non_existent_reference_rt.dcm',
];

/** Voxels whose centre lies exactly on an edge may fall either way between implementations. */
const TIED_VOXELS = 4;

async function readExpected(): Promise<Expected> {
  return JSON.parse(new TextDecoder().decode(await readSharedFile('expected.json')));
}

async function readPlan(folder: string): Promise<SeriesPlan> {
  const files = await readSharedFolder(folder);
  const slices = files.flatMap((bytes) => parseSlices(bytes));
  await prepareCodecs(slices.map(({ transferSyntaxUid }) => transferSyntaxUid));
  return planSeries(slices);
}

async function readVolume(folder: string): Promise<ImageVolume> {
  const [plan] = (await readPlan(folder)).volumes;
  return renderVolume(plan as VolumePlan);
}

async function expectedVolume(folder: string): Promise<{ volume: ExpectedVolume; grid: VolumeGeometry }> {
  const volume = (await readExpected()).series[folder]?.dcm2niix[0] as ExpectedVolume;
  const [i, j, k] = volume.shape;
  return { volume, grid: geometryFromAffine(flipLpsRas(volume.affine_ras.flat() as never), [i, j, k]) };
}

type Voxels = Parameters<typeof valuesInOrderOf>[1];

/** Digest of volumes one after the other, each in the axis order of the reference. */
function digest(grid: VolumeGeometry, volumes: readonly Voxels[]): string {
  const hash = createHash('sha256');
  for (const volume of volumes) {
    const { buffer, byteOffset, byteLength } = valuesInOrderOf(grid, volume);
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

/** What the files hold on the planes of a volume that copies every slice, before any scale. */
function storedVolume({ geometry, planes, slices }: VolumePlan): Voxels {
  const area = geometry.sizeIjk[0] * geometry.sizeIjk[1];
  const values = new Int16Array(area * planes.length);
  planes.forEach(({ sources }, k) => {
    const slice = slices[sources[0]?.slice ?? 0] as Slice;
    values.set(decodeFrame(slice.encoded), k * area);
  });
  return { geometry, values };
}

describeWithSharedData('public data', () => {
  it.each(SAME_VOXELS)('%s: voxel for voxel what dcm2niix writes', async (folder) => {
    const { volume, grid } = await expectedVolume(folder);
    const { volumes, rejected } = await readPlan(folder);
    expect(rejected).toEqual([]);
    expect(volumes.length).toBe(volume.shape[3] ?? 1);
    // valuesInOrderOf holds the corners to 0.01 mm.
    expect(digest(grid, volumes.map(renderVolume))).toBe(volume.sha256_int16le);
  });

  it.each(OTHER_SCALE)('%s: the stored voxels of dcm2niix, and another scale', async (folder) => {
    const { volume, grid } = await expectedVolume(folder);
    const { volumes } = await readPlan(folder);
    expect(volumes.length).toBe(volume.shape[3] ?? 1);
    expect(digest(grid, volumes.map(storedVolume))).toBe(volume.sha256_stored);
    const values = volumes.map(renderVolume).map((rendered) => rendered.values);
    const [, high] = rangeOf(values.map((of) => rangeOf(of)[1]));
    const mean = meanOf(values.map(meanOf));
    expect(mean / high).toBeCloseTo(volume.mean / volume.max, 6);
    expect(volumes.every(({ unit, scaleSource }) => unit === 'US' && scaleSource === 'rescale')).toBe(true);
  });

  it('series/generic/non-isotropic: a slope and intercept per slice, to float32', async () => {
    const { volume, grid } = await expectedVolume('series/generic/non-isotropic');
    const rendered = await readVolume('series/generic/non-isotropic');
    const stored = decodeNifti(encodeNifti(rendered));
    const difference = cornerDistanceMm(canonicalGeometry(stored.geometry), canonicalGeometry(grid));
    expect(difference).toBeLessThan(0.01);
    expect(rangeOf(stored.values)[0]).toBeCloseTo(volume.min, 5);
    expect(rangeOf(stored.values)[1]).toBeCloseTo(volume.max, 5);
    expect(meanOf(stored.values)).toBeCloseTo(volume.mean, 5);
  });

  it('seg/source/77654033-CT2: slices 1.25 to 202.5 mm apart keep their places, which dcm2niix evens out', async () => {
    const [plan] = (await readPlan('seg/source/77654033-CT2')).volumes;
    const rendered = renderVolume(plan as VolumePlan);
    expect(plan?.irregularity?.kinds).toEqual(['missing-slices']);
    expect(rendered.geometry.sizeIjk).toEqual([16, 16, 165]);
    for (const [index, { k }] of rendered.slices.entries()) {
      const slice = plan?.slices[index] as Slice;
      const acquired = Array.from(decodeFrame(slice.encoded), (value) => value + slice.rescale.intercept);
      const plane = Math.round(k);
      expect(k).toBeCloseTo(plane, 6);
      expect(Array.from(rendered.values.subarray(256 * plane, 256 * (plane + 1)))).toEqual(acquired);
    }
  });

  it('series/generic/rgb: colour is refused', async () => {
    await expect(readPlan('series/generic/rgb')).rejects.toMatchObject({ code: 'ColourImage' });
  });

  it.each(STRUCTURE_SETS)('draws the regions of %s with the expected voxel counts', async (file) => {
    const expected = (await readExpected()).rtstruct[file];
    const target = await readVolume(expected?.referenced_ct ?? '');
    const structureSet = parseRtstruct(await readSharedFile(file));
    const labelMap = parseLabelMap(
      expected?.rois.map(({ name, number }) => `${name}=${number}`).join('\n') ?? '',
    );
    const policies = { unmapped: 'fail', missing: 'review', overlap: 'fail', gaps: 'review' } as const;
    const mask = buildMask({ target, regions: contourRegions(structureSet), labelMap, policies });
    expect(mask.missing).toEqual([]);
    for (const roi of expected?.rois ?? []) {
      const region = mask.regions.find(({ name }) => name === roi.name);
      const ties = roi.voxels === roi.scanline_voxels ? 0 : TIED_VOXELS;
      expect(Math.abs((region?.voxels ?? 0) - roi.voxels)).toBeLessThanOrEqual(ties);
      expect(Math.abs((region?.volumeMlContours ?? 0) * 1000 - roi.volume_mm3) / roi.volume_mm3).toBeLessThan(
        0.03,
      );
    }
  });

  it('reads or refuses every single file with a code', async () => {
    const folders = ['pydicom', 'transfer-syntaxes', 'seg', 'rtstruct/4d-lung/rtstruct'];
    const files = (await Promise.all(folders.map(readSharedFolder))).flat();
    const outcomes = files.map((bytes) =>
      codeOf(() => parseSlices(bytes).map(({ encoded }) => decodeFrame(encoded))),
    );
    expect(outcomes.length).toBeGreaterThan(90);
    expect(outcomes.filter((code) => code === 'no error').length).toBeGreaterThan(10);
    expect(outcomes.every((code) => code === 'no error' || isErrorCode(code))).toBe(true);
  });

  it('finds the truncated image truncated', async () => {
    const bytes = await readSharedFile('pydicom/MR_truncated.dcm');
    expect(codeOf(() => parseSlices(bytes))).toBe('TruncatedDicom');
  });
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).name;
  }
  return 'no error';
}
