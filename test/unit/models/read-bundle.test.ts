import { describe, expect, it } from '@jest/globals';
import { zipSync } from 'fflate';
import { STAGE_SETTINGS } from '../../../infra/stage-settings.ts';
import { BUNDLE_LIMITS, listEntries, requireBoundedZip } from '../../../src/models/bundle-zip.ts';
import { readBundle } from '../../../src/models/read-bundle.ts';
import {
  bundleFiles,
  bundleMetadata,
  bundleZip,
  inferenceConfig,
  jsonFile,
  pickleBytes,
  STATE_DICT_PICKLE,
  textBytes,
  weightsFile,
} from './bundle-fixture.ts';

const withConfig = (changes: Record<string, unknown>) =>
  bundleZip({ 'configs/inference.json': jsonFile(inferenceConfig(changes)) });
const unet = (changes: Record<string, unknown>) =>
  withConfig({ network_def: { ...(inferenceConfig().network_def as object), ...changes } });
const SEG_RES_NET = {
  _target_: 'monai.networks.nets.SegResNet',
  spatial_dims: 3,
  in_channels: 1,
  out_channels: 4,
};

/** The name of a zip's first entry replaced by another of the same length, in its local and central headers. */
function renamed(zip: Uint8Array, from: string, to: string): Uint8Array {
  const text = Buffer.from(zip).toString('latin1').replaceAll(from, to);
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** A small zip whose directory states these sizes. */
function stating(sizes: readonly number[]): Uint8Array {
  const zip = zipSync(
    Object.fromEntries(sizes.map((_, index) => [`file${index}`, textBytes('xxxxxxxxxxxxxxxx')])),
  );
  sizes.forEach((size, index) => {
    setStatedSize(zip, index, size);
  });
  return zip;
}

/** Overwrites the unpacked size of an entry in the zip's central directory. */
function setStatedSize(zip: Uint8Array, index: number, size: number): void {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  let at = view.getUint32(zip.length - 6, true);
  for (let entry = 0; entry < index; entry++) {
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  view.setUint32(at + 24, size, true);
}

describe('readBundle', () => {
  it('reads network, preprocessing, classes and weights', () => {
    const bundle = readBundle(bundleZip());
    expect(bundle).toMatchObject({
      network: {
        name: 'UNet',
        channels: [8, 16, 32],
        strides: [2, 2],
        numResUnits: 1,
        norm: 'instance',
        dropout: 0,
      },
      preprocessing: {
        spacingMm: [2, 2, 2],
        intensity: { lower: -160, upper: 240 },
        patchSize: [32, 32, 32],
      },
      classes: [
        { index: 1, maskValue: 1, name: 'Liver' },
        { index: 2, maskValue: 2, name: 'Spleen' },
        { index: 3, maskValue: 3, name: 'Kidney' },
      ],
      labelMap: null,
    });
    expect(bundle.weights).toEqual(weightsFile());
  });

  it('takes mask values from the label map in the bundle, by region name', () => {
    const labelMap = textBytes('kidney=30\n LIVER =10\nSpleen=20\n');
    const bundle = readBundle(bundleZip({ 'configs/region2MaskValueMap.txt': labelMap }));
    expect(bundle.classes.map(({ name, maskValue }) => [name, maskValue])).toEqual([
      ['Liver', 10],
      ['Spleen', 20],
      ['Kidney', 30],
    ]);
    expect(bundle.labelMap).toEqual(labelMap);
  });

  it('takes off a folder around everything', () => {
    const files = Object.entries(bundleFiles()).map(([name, bytes]) => [`spleen/${name}`, bytes] as const);
    expect(readBundle(zipSync(Object.fromEntries(files))).network.name).toBe('UNet');
  });

  it('falls back to train.json', () => {
    const { 'configs/inference.json': config, ...rest } = bundleFiles();
    const zip = zipSync({ ...rest, 'configs/train.json': config ?? new Uint8Array() });
    expect(readBundle(zip).preprocessing.patchSize).toEqual([32, 32, 32]);
  });

  it('follows plain references, in lists and into objects', () => {
    const config = inferenceConfig({
      roi: [16, '@sizes#middle', '@sizes::middle'],
      sizes: { middle: 24 },
      inferer: { _target_: 'SlidingWindowInferer', roi_size: '@roi' },
      num_classes: 4,
      network_def: { ...SEG_RES_NET, out_channels: '@num_classes' },
    });
    const bundle = readBundle(bundleZip({ 'configs/inference.json': jsonFile(config) }));
    expect(bundle.preprocessing.patchSize).toEqual([16, 24, 24]);
    expect(bundle.network).toEqual({
      name: 'SegResNet',
      initFilters: 8,
      blocksDown: [1, 2, 2, 4],
      blocksUp: [1, 1, 1],
    });
  });

  it.each([['batch'], ['BATCH'], [['batch']]])('reads the normalisation %j', (norm) => {
    expect(readBundle(unet({ norm })).network).toMatchObject({ norm: 'batch' });
  });

  it("accepts MONAI's own defaults when they are written out", () => {
    const zip = unet({
      kernel_size: 3,
      up_kernel_size: 3,
      act: 'prelu',
      bias: true,
      adn_ordering: 'NDA',
      dropout: 0.1,
    });
    expect(readBundle(zip).network).toMatchObject({ dropout: 0.1 });
  });

  it.each([
    ['an expression as number', unet({ out_channels: '$2+2' }), 'is an expression'],
    ['a reference to nothing', unet({ out_channels: '@nope' }), 'refers to nothing'],
    ['a reference to itself', withConfig({ network_def: '@network_def' }), 'refer to themselves'],
    ['no network', withConfig({ network_def: '$build()' }), '"network_def" is missing'],
    ['another network', unet({ _target_: 'monai.networks.nets.SwinUNETR' }), '"SwinUNETR" is not supported'],
    ['a component without target', withConfig({ network_def: { _target_: 7 } }), 'out_channels|spatial_dims'],
    ['a 2D network', unet({ spatial_dims: 2 }), 'spatial_dims is 2; only 3'],
    ['two input channels', unet({ in_channels: 2 }), 'in_channels is 2; only 1'],
    ['another kernel', unet({ kernel_size: 5 }), 'kernel_size is 5'],
    ['another activation', unet({ act: 'RELU' }), 'act is "RELU"'],
    ['an unknown argument', unet({ attention: true }), 'attention is not supported'],
    ['a missing argument', unet({ out_channels: undefined }), 'out_channels is missing'],
    ['no head', unet({ out_channels: 1 }), 'at least 2'],
    ['another number of heads', unet({ out_channels: 3 }), 'names 4 channels'],
    ['strides that do not fit', unet({ strides: [2, 2, 2] }), 'one fewer than channels'],
    ['text as channels', unet({ channels: 'many' }), 'channels'],
    ['a normalisation with arguments', unet({ norm: ['group', { num_groups: 4 }] }), 'norm'],
    [
      'blocks that do not fit',
      withConfig({ network_def: { ...SEG_RES_NET, blocks_up: [1, 1] } }),
      'blocks_up',
    ],
    [
      'dropout in a SegResNet',
      withConfig({ network_def: { ...SEG_RES_NET, dropout_prob: 0.2 } }),
      'dropout_prob is 0.2',
    ],
    ['no window', withConfig({ inferer: {} }), 'no SlidingWindowInferer was found'],
    ['no spacing', withConfig({ preprocessing: {} }), 'voxel spacing must be stated'],
    [
      'a computed patch size',
      withConfig({ inferer: { _target_: 'SlidingWindowInferer', roi_size: '$x' } }),
      'patchSize',
    ],
    [
      'values not mapped to 0..1',
      withConfig({
        preprocessing: [
          { _target_: 'Spacingd', pixdim: [2, 2, 2] },
          { _target_: 'ScaleIntensityRanged', a_min: 0, a_max: 1, b_min: -1, b_max: 1, clip: true },
        ],
      }),
      'only 0..1 with clip true',
    ],
    [
      'an empty intensity window',
      withConfig({
        preprocessing: [
          { _target_: 'Spacingd', pixdim: [2, 2, 2] },
          { _target_: 'ScaleIntensityRanged', a_min: 5, a_max: 5, b_min: 0, b_max: 1, clip: true },
        ],
      }),
      'a_min at or above a_max',
    ],
    ['a config that is no JSON', bundleZip({ 'configs/inference.json': textBytes('{') }), 'is not JSON'],
    [
      'a config that is a list',
      bundleZip({ 'configs/inference.json': textBytes('[]') }),
      'is not a JSON object',
    ],
    [
      'metadata without channels',
      bundleZip({ 'configs/metadata.json': jsonFile({}) }),
      'channel_def is missing',
    ],
  ])('refuses %s', (_, zip, reason) => {
    expect(() => readBundle(zip)).toThrow(
      expect.objectContaining({ code: 'InvalidModel', message: expect.stringMatching(escaped(reason)) }),
    );
  });

  it.each([
    ['a gap', { 0: 'background', 1: 'a', 2: 'b', 4: 'c' }, 'no usable name for channel 3'],
    ['an empty name', { 0: 'background', 1: ' ', 2: 'b', 3: 'c' }, 'channel 1'],
    ['no background', { 0: 'Liver', 1: 'a', 2: 'b', 3: 'c' }, 'must be "background"'],
    ['one region twice', { 0: 'background', 1: 'Liver', 2: ' LIVER', 3: 'c' }, 'twice'],
  ])('refuses channels with %s', (_, channels, reason) => {
    const zip = bundleZip({ 'configs/metadata.json': jsonFile(bundleMetadata(channels)) });
    expect(() => readBundle(zip)).toThrow(
      expect.objectContaining({ code: 'InvalidModel', message: expect.stringContaining(reason) }),
    );
  });

  it.each(['configs/metadata.json', 'models/model.pt'])('refuses a bundle without %s', (name) => {
    const { [name]: _, ...rest } = bundleFiles();
    expect(() => readBundle(zipSync(rest))).toThrow(
      expect.objectContaining({ code: 'InvalidModel', message: expect.stringContaining(`no ${name}`) }),
    );
  });

  it('refuses a bundle without a configuration', () => {
    const { 'configs/inference.json': _, ...rest } = bundleFiles();
    expect(() => readBundle(zipSync(rest))).toThrow(/neither configs\/inference.json nor/);
  });

  it('refuses a label map that is none', () => {
    const zip = bundleZip({ 'configs/region2MaskValueMap.txt': textBytes('Liver') });
    expect(() => readBundle(zip)).toThrow(expect.objectContaining({ code: 'MalformedLabelMap' }));
  });
});

describe('zip entries', () => {
  it.each([['../../etc/passwd'], ['/etc/passwd'], ['configs\\..\\x'], ['C:evil'], ['configs/../../x']])(
    'refuses the name %s',
    (name) => {
      expect(() => readBundle(bundleZip({ [name]: textBytes('x') }))).toThrow(
        expect.objectContaining({
          code: 'UnsafeModel',
          message: expect.stringContaining('leaves its folder'),
        }),
      );
    },
  );

  it('refuses two entries of one name', () => {
    const zip = renamed(zipSync({ 'a.txt': textBytes('x'), 'b.txt': textBytes('y') }), 'b.txt', 'a.txt');
    expect(() => listEntries(zip)).toThrow(
      expect.objectContaining({ code: 'UnsafeModel', message: expect.stringContaining('two entries') }),
    );
  });

  it.each([
    ['not a zip', textBytes('hello')],
    ['cut short', bundleZip().subarray(0, 200)],
    ['empty', new Uint8Array()],
  ])('calls a file that is %s unreadable', (_, bytes) => {
    expect(() => readBundle(bytes)).toThrow(
      expect.objectContaining({
        code: 'InvalidModel',
        message: expect.stringContaining('not a readable zip'),
      }),
    );
  });

  it('refuses a configuration that unpacks to more than 4 MiB, before unpacking it', () => {
    const bomb = new Uint8Array(BUNDLE_LIMITS.configBytes + 1);
    expect(() => readBundle(bundleZip({ 'configs/inference.json': bomb }))).toThrow(
      expect.objectContaining({
        code: 'InvalidModel',
        message: expect.stringContaining('too big once unpacked'),
      }),
    );
  });

  describe('bounds what is unpacked, by the sizes that the zip states', () => {
    const MIB = 1024 * 1024;
    const { fileBytes, totalBytes } = BUNDLE_LIMITS;

    it.each([
      ['a file at the limit', [fileBytes]],
      ['files at the limit together', [fileBytes, totalBytes - fileBytes]],
    ])('takes %s', (_, sizes) => {
      expect(listEntries(stating(sizes)).map(({ originalSize }) => originalSize)).toEqual(sizes);
    });

    it.each([
      ['a file above it', [fileBytes + 1], `(${fileBytes + 1} bytes, at most 256 MiB`],
      [
        'files above it together',
        [fileBytes, totalBytes - fileBytes + 1],
        'at most 320 MiB are accepted altogether',
      ],
    ])('refuses %s, with what to leave out', (_, sizes, reason) => {
      const list = () => listEntries(stating(sizes));
      expect(list).toThrow(expect.objectContaining({ code: 'InvalidModel' }));
      expect(list).toThrow(reason);
      expect(list).toThrow(/keep configs\/ and models\/model\.pt only/);
    });

    it('counts a stored entry by its bytes in the zip, whatever size it states', () => {
      const config = new Uint8Array(BUNDLE_LIMITS.configBytes + 1);
      const zip = zipSync({ 'configs/inference.json': config }, { level: 0 });
      setStatedSize(zip, 0, 1);
      expect(() => listEntries(zip)).toThrow(`${config.length} bytes, at most 4 MiB`);
    });

    it.each([
      [fileBytes, null],
      [fileBytes + 1, `the zip has ${fileBytes + 1} bytes; at most 256 MiB are accepted: keep configs/`],
    ])('a zip of %d bytes: %s', (bytes, reason) => {
      const check = () => requireBoundedZip(bytes);
      if (reason === null) expect(check).not.toThrow();
      else expect(check).toThrow(reason);
    });

    it('leaves room in the functions that hold a bundle', () => {
      const runtime = 200;
      const [zip, weights] = [fileBytes / MIB, fileBytes / MIB];
      expect(STAGE_SETTINGS['serve-api'].memoryMib).toBeGreaterThan(2 * zip + 2 * weights + runtime);
      expect(STAGE_SETTINGS['promote-model'].memoryMib).toBeGreaterThan(3 * 2 * weights + runtime);
    });
  });

  it('refuses more than 2,000 entries', () => {
    const many = Object.fromEntries(Array.from({ length: 2_001 }, (_, i) => [`f${i}`, new Uint8Array()]));
    expect(() => readBundle(zipSync(many))).toThrow(/more than 2000 entries/);
  });
});

describe('models/model.pt', () => {
  it.each([
    ['the old torch format', pickleBytes('\x80\x02.'), 'InvalidModel', 'not a zip as torch.save writes'],
    [
      'TorchScript',
      weightsFile(STATE_DICT_PICKLE, { 'model/constants.pkl': STATE_DICT_PICKLE }),
      'InvalidModel',
      'TorchScript',
    ],
    ['no pickle', zipSync({ 'model/data/0': new Uint8Array(4) }), 'InvalidModel', 'holds 0 pickle(s)'],
    [
      'two pickles',
      weightsFile(STATE_DICT_PICKLE, { 'model/other.pkl': STATE_DICT_PICKLE }),
      'InvalidModel',
      'holds 2 pickle(s)',
    ],
    ['a pickle elsewhere', zipSync({ 'a/b/data.pkl': STATE_DICT_PICKLE }), 'InvalidModel', 'exactly one'],
    ['code', weightsFile(pickleBytes('cposix\nsystem\n.')), 'UnsafeModel', 'posix.system'],
  ])('is refused when it holds %s', (_, weights, code, reason) => {
    expect(() => readBundle(bundleZip({ 'models/model.pt': weights }))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(reason) }),
    );
  });
});

/** Text to look for; `|` separates alternatives. */
function escaped(reason: string): RegExp {
  return new RegExp(reason.replace(/[.*+?^${}()[\]\\]/g, '\\$&'));
}
