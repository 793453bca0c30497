import { describe, expect, it } from '@jest/globals';
import { LabelPolicies } from '../../../src/contracts/label-policy.ts';
import { Processing } from '../../../src/contracts/processing.ts';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { gunzipBounded } from '../../../src/imaging/nifti/gzip.ts';
import { resampleImage } from '../../../src/imaging/resample/resample-image.ts';
import { readRegions } from '../../../src/pipeline/read-regions.ts';
import { rtStruct } from '../../helpers/dicom-writer.ts';
import { segFile } from '../imaging/segmentation/seg-file.ts';
import { prepare, voxelsOf } from './prepared-cases.ts';
import { boxContours, sessionFixture } from './session-fixture.ts';

const SAVED = '2026-03-01T09:00:00Z';
const SPACING = [2, 2, 3] as const;

async function prepareWith(own: Partial<Processing>, rtstruct = boxContours()) {
  const { ports, archive } = await sessionFixture({
    processing: Processing.parse(own),
    policies: LabelPolicies.parse({ gaps: 'interpolate' }),
    spacingMm: [...SPACING],
  });
  archive.collections.set('ROI_1', { savedAt: SAVED, rtstruct });
  const made = await prepare(ports);
  const volume = async (content: string) => {
    const { object } = made.resources.find((resource) => resource.content === content) ?? {};
    return decodeNifti(gunzipBounded(await ports.objects.read(object ?? { key: '' }), 1e9));
  };
  return { made, ports, volume };
}

describe('how an automation makes its images', () => {
  it.each([{}, { interpolation: 'bspline' }, { antialias: true }] as const)('is %j', async (own) => {
    const { volume } = await prepareWith(own);
    const [native, model] = [await volume('IMAGE_NATIVE'), await volume('IMAGE')];
    const source = { geometry: native.geometry, values: native.values as Int16Array, unit: 'HU' };
    expect(Array.from(model.values)).toEqual(Array.from(resampleImage(source, SPACING, own).values));
  });

  it('makes a difference', async () => {
    const made = [{}, { interpolation: 'bspline' }, { antialias: true }] as const;
    const volumes = await Promise.all(made.map(async (own) => (await prepareWith(own)).volume('IMAGE')));
    expect(new Set(volumes.map(({ values }) => Array.from(values).join())).size).toBe(made.length);
  });
});

describe('how an automation makes its masks', () => {
  const [first, , , last] = [1, 2, 3, 4];
  const square = (k: number) => [1.5, 1.5, 2 * k, 7.5, 1.5, 2 * k, 7.5, 7.5, 2 * k, 1.5, 7.5, 2 * k];
  const withGap = rtStruct({
    rois: [{ number: 1, name: 'Liver', contours: [first, last].map((k = 0) => ({ points: square(k) })) }],
  });

  it.each([
    [5, 2],
    [6, 4],
  ])(
    'fills gaps of up to %s mm: %s slices of a region drawn on two that lie 6 mm apart',
    async (gapsUpToMm, slices) => {
      const { made, ports } = await prepareWith({ gapsUpToMm }, withGap);
      expect([...(await voxelsOf(made, ports)).values()]).toEqual([36 * slices]);
    },
  );

  it('takes the share of a fractional segmentation from which a voxel belongs to it', async () => {
    const frames = [{ pixels: [100, 200], position: [0, 0, 0] as const }];
    const bytes = segFile({ columns: 2, rows: 1, type: 'FRACTIONAL', frames });
    const thresholdOf = async (own: Partial<Processing>) =>
      (await readRegions(bytes, Processing.parse(own))).regions[0]?.provenance?.fractional?.threshold;
    expect(await thresholdOf({})).toBe(0.5);
    expect(await thresholdOf({ fractionalThreshold: 0.3 })).toBe(0.3);
  });
});
