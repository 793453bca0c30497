import { expect, it } from '@jest/globals';
import { isErrorCode } from '../../../src/contracts/errors.ts';
import { parseRtstruct } from '../../../src/imaging/contour/parse-rtstruct.ts';
import { parseSlices } from '../../../src/imaging/dicom/parse-slice.ts';
import { decodeFrame } from '../../../src/imaging/dicom/stored-pixels.ts';
import { flipLpsRas } from '../../../src/imaging/geometry/affine.ts';
import { cornerDistanceMm, geometryFromAffine } from '../../../src/imaging/geometry/volume-geometry.ts';
import { buildMask } from '../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../src/imaging/mask/contour-regions.ts';
import { parseLabelMap } from '../../../src/imaging/mask/label-map.ts';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { encodeNifti } from '../../../src/imaging/nifti/encode-nifti.ts';
import { type ImageVolume, renderVolume } from '../../../src/imaging/series/image-volume.ts';
import { planSeries } from '../../../src/imaging/series/plan-series.ts';
import type { VolumePlan } from '../../../src/imaging/series/volume-plan.ts';
import { canonicalGeometry, meanOf, rangeOf } from '../../helpers/imaging-canonical.ts';
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
  readonly shape: readonly [number, number, number];
  readonly affine_ras: readonly (readonly number[])[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

interface ExpectedRoi {
  readonly number: number;
  readonly name: string;
  readonly voxels: number;
  readonly scanline_voxels: number;
  readonly volume_mm3: number;
}

const SERIES = [
  'rtstruct/4d-lung/ct',
  'rtstruct/rt-utils/ct',
  'series/ge/anatomical',
  'series/hitachi/anatomical',
  'series/philips/anatomical',
  'series/siemens/anatomical',
  'series/generic/anatomical-rle',
  'series/generic/non-isotropic',
];

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

async function readVolume(folder: string): Promise<ImageVolume> {
  const files = await readSharedFolder(folder);
  const plan = planSeries(files.flatMap((bytes) => parseSlices(bytes)));
  return renderVolume(plan.volumes[0] as VolumePlan);
}

describeWithSharedData('public data', () => {
  it.each(SERIES)('stacks %s into the expected grid and values', async (folder) => {
    const expected = (await readExpected()).series[folder]?.dcm2niix[0] as ExpectedVolume;
    const volume = await readVolume(folder);
    const stored = decodeNifti(encodeNifti(volume));
    const reference = geometryFromAffine(flipLpsRas(expected.affine_ras.flat() as never), expected.shape);
    expect(cornerDistanceMm(canonicalGeometry(stored.geometry), canonicalGeometry(reference))).toBeLessThan(
      0.01,
    );
    const [low, high] = rangeOf(stored.values);
    expect(low).toBeCloseTo(expected.min, 3);
    expect(high).toBeCloseTo(expected.max, 3);
    expect(meanOf(stored.values)).toBeCloseTo(expected.mean, 3);
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
