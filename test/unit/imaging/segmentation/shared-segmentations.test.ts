import { expect, test } from '@jest/globals';
import type { MaskTarget } from '../../../../src/imaging/mask/mask-target.ts';
import { memoryRanges } from '../../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg, type SegOptions } from '../../../../src/imaging/segmentation/parse-seg.ts';
import { describeWithSharedData, readSharedFile } from '../../../helpers/imaging-shared-data.ts';
import { type DrawnRegion, drawRegions, stackTarget } from './draw-regions.ts';

interface ExpectedSegmentation {
  readonly segments: readonly { readonly number: number; readonly label: string; readonly voxels: number }[];
}

/** Source images of `ct_binary` and its kin: series 77654033-CT2, of which slices 1 to 161 are not there. */
const CT_UID = '1.3.6.1.4.1.5962.1.1.0.0.0.1196530851.28319.0';
const CT_SLICES: Readonly<Record<number, string>> = {
  0: `${CT_UID}.93`,
  162: `${CT_UID}.94`,
  163: `${CT_UID}.95`,
  164: `${CT_UID}.96`,
};
const CT = stackTarget({
  sizeIjk: [16, 16, 165],
  seriesUid: 'not named here',
  spacingMm: [0.488281, 0.488281, 1.25],
  originLps: [-125, -128.100006, -99.480003],
  sopInstanceUids: Array.from({ length: 165 }, (_, k) => CT_SLICES[k] ?? `missing.${k}`),
});
const SLIDE_IMAGE = '1.2.826.0.1.3680043.9.7433.3.12857516184849951143044513877282227';

async function open(file: string, options: SegOptions = {}) {
  return parseSeg(memoryRanges(await readSharedFile(file)), options);
}

async function expected(file: string): Promise<ExpectedSegmentation> {
  const all = JSON.parse(new TextDecoder().decode(await readSharedFile('expected.json'))) as {
    seg: Record<string, ExpectedSegmentation>;
  };
  return all.seg[file] as ExpectedSegmentation;
}

async function draw(file: string, target: MaskTarget, options: SegOptions = {}): Promise<DrawnRegion[]> {
  const set = await open(file, options);
  const { segments } = await expected(file);
  const named = segments.filter(({ number }) => number !== 0).map(({ number, label }) => ({ number, label }));
  expect(set.regions.map(({ number, name }) => ({ number, label: name }))).toEqual(named);
  return drawRegions(set, target);
}

async function expectCounts(file: string, target: MaskTarget, options: SegOptions = {}): Promise<void> {
  const drawn = await draw(file, target, options);
  const { segments } = await expected(file);
  const counts = segments.filter(({ number }) => number !== 0).map(({ voxels }) => voxels);
  expect(drawn.map(({ voxels }) => voxels.length)).toEqual(counts);
}

describeWithSharedData('public segmentations have the voxels that highdicom finds', () => {
  test.each([
    ['seg/seg_image_ct_binary.dcm', {}],
    ['seg/seg_image_ct_binary_fractional.dcm', {}],
    ['seg/seg_image_ct_binary_overlap.dcm', {}],
    // The reference counts every pixel above 0.
    ['seg/seg_image_ct_true_fractional.dcm', { fractionalThreshold: 0 }],
  ])('%s on its CT series', (file, options) => expectCounts(file, CT, options));

  test('the single frame on its CT image', () =>
    expectCounts(
      'seg/seg_image_ct_binary_single_frame.dcm',
      stackTarget({
        sizeIjk: [128, 128, 1],
        spacingMm: [0.661468, 0.661468, 5],
        originLps: [-158.135803, -179.035797, -75.699997],
        sopInstanceUids: ['1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322'],
      }),
    ));

  test('the radiograph, which has no position, on the image it names', () =>
    expectCounts(
      'seg/seg_image_cr_binary.dcm',
      stackTarget({
        sizeIjk: [16, 16, 1],
        sopInstanceUids: ['1.3.6.1.4.1.5962.1.1.0.0.0.1196527414.5534.0.11'],
      }),
    ));

  test.each([
    'seg/seg_image_sm_control.dcm',
    'seg/seg_image_sm_control_labelmap.dcm',
    'seg/seg_image_sm_control_labelmap_palette_color.dcm',
    'seg/seg_image_sm_numbers.dcm',
    'seg/seg_image_sm_dots.dcm',
    'seg/seg_image_sm_dots_tiled_full.dcm',
  ])('%s on the total pixel matrix of its slide', async (file) => {
    await expectCounts(file, await slideOf(file));
  });

  test('tiles lie alike in both kinds and in both ways of tiling', async () => {
    const voxels = async (file: string) => {
      return (await draw(file, await slideOf(file))).map((region) => region.voxels.toSorted());
    };
    const binary = await voxels('seg/seg_image_sm_control.dcm');
    expect(await voxels('seg/seg_image_sm_control_labelmap.dcm')).toEqual(binary);
    expect(await voxels('seg/seg_image_sm_control_labelmap_palette_color.dcm')).toEqual(binary);
    const sparse = await voxels('seg/seg_image_sm_dots.dcm');
    expect(await voxels('seg/seg_image_sm_dots_tiled_full.dcm')).toEqual(sparse);
  });

  test.each(['pydicom/liver_1frame.dcm', 'pydicom/liver_expb_1frame.dcm'])(
    '%s, which describes more frames than it has',
    async (file) => {
      const set = await open(file);
      expect(set.warnings.map(({ code }) => code)).toEqual(['SurplusFrameDescriptions']);
      expect(set.regions[0]?.colour).toEqual([221, 130, 101]);
      await expectCounts(file, LIVER);
    },
  );

  test('big and little endian hold the same pixels', async () => {
    const [little] = await draw('pydicom/liver_1frame.dcm', LIVER);
    const [big] = await draw('pydicom/liver_expb_1frame.dcm', LIVER);
    expect(big).toEqual(little);
  });

  test('a slide is no stack of patient images', async () => {
    const set = await open('seg/seg_image_sm_control.dcm');
    const [seriesUid = ''] = set.referencedSeriesUids;
    const stack = stackTarget({ sizeIjk: [16, 16, 3], seriesUid, sopInstanceUids: [SLIDE_IMAGE] });
    expect(() => set.check(stack, set.regions)).toThrow(expect.objectContaining({ code: 'SegGridMismatch' }));
  });

  test('the same images in another place are no match', async () => {
    const set = await open('seg/seg_image_ct_binary.dcm');
    const [shifted, tilted] = [
      { originLps: [-125.2, -128.100006, -99.480003] as const },
      { directionLps: [0.8, 0.6, 0, -0.6, 0.8, 0, 0, 0, 1] as const },
    ].map((change) =>
      stackTarget({ ...CT.geometry, ...change, sopInstanceUids: CT.slices.map((s) => s.sopInstanceUid) }),
    );
    for (const target of [shifted, tilted] as MaskTarget[]) {
      expect(() => set.check(target, set.regions)).toThrow(
        expect.objectContaining({ code: 'SegGridMismatch' }),
      );
    }
  });
});

const LIVER = stackTarget({
  sizeIjk: [512, 512, 1],
  spacingMm: [0.810547, 0.810547, 1],
  originLps: [-235.2, -226.8, -128.69],
  sopInstanceUids: ['1.2.392.200103.20080913.113635.2.2009.6.22.21.43.10.23433.1'],
});

/** The total pixel matrix of a slide: 50 x 50 pixels in tiles of 10 x 10. */
async function slideOf(file: string): Promise<MaskTarget> {
  const [seriesUid = ''] = (await open(file)).referencedSeriesUids;
  return stackTarget({ sizeIjk: [50, 50, 1], seriesUid, sopInstanceUids: [SLIDE_IMAGE] });
}
