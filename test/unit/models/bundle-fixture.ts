import { zipSync } from 'fflate';

type Json = Record<string, unknown>;
export type BundleFileMap = Record<string, Uint8Array>;

export function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function jsonFile(value: unknown): Uint8Array {
  return textBytes(JSON.stringify(value));
}

/** Pickle opcodes as one-byte characters, as pickletools names them. */
export function pickleBytes(...parts: string[]): Uint8Array {
  return Uint8Array.from(parts.join(''), (character) => character.charCodeAt(0));
}

/** BINUNICODE of a short ASCII text. */
export function pickledText(text: string): string {
  return `X${String.fromCharCode(text.length)}\0\0\0${text}`;
}

/** `OrderedDict([('weight', tensor)])` the way torch.save (protocol 2) writes it. */
export const STATE_DICT_PICKLE = pickleBytes(
  '\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(',
  pickledText('weight'),
  'q\x02ctorch._utils\n_rebuild_tensor_v2\nq\x03((',
  pickledText('storage'),
  'q\x04ctorch\nFloatStorage\nq\x05',
  pickledText('0'),
  pickledText('cpu'),
  'K\x01tq\x06QK\x00K\x01\x85K\x01\x85\x89h\x00)RtRu.',
);

export function weightsFile(pickle: Uint8Array = STATE_DICT_PICKLE, more: BundleFileMap = {}): Uint8Array {
  return zipSync({ 'model/data.pkl': pickle, 'model/data/0': new Uint8Array([0, 0, 128, 63]), ...more });
}

/** `configs/inference.json` of a small UNet; members can be replaced. */
export function inferenceConfig(changes: Json = {}): Json {
  return {
    network_def: {
      _target_: 'UNet',
      spatial_dims: 3,
      in_channels: 1,
      out_channels: 4,
      channels: [8, 16, 32],
      strides: [2, 2],
      num_res_units: 1,
      norm: 'instance',
    },
    network: '$@network_def.to(@device)',
    preprocessing: {
      _target_: 'Compose',
      transforms: [
        { _target_: 'LoadImaged', keys: 'image' },
        { _target_: 'Spacingd', keys: 'image', pixdim: [2, 2, 2], mode: 'bilinear' },
        {
          _target_: 'ScaleIntensityRanged',
          keys: 'image',
          a_min: -160,
          a_max: 240,
          b_min: 0,
          b_max: 1,
          clip: true,
        },
      ],
    },
    inferer: { _target_: 'SlidingWindowInferer', roi_size: [32, 32, 32] },
    ...changes,
  };
}

export function bundleMetadata(
  channels: Json = { 0: 'background', 1: 'Liver', 2: 'Spleen', 3: 'Kidney' },
): Json {
  return { version: '0.1.0', network_data_format: { outputs: { pred: { channel_def: channels } } } };
}

export function bundleFiles(changes: BundleFileMap = {}): BundleFileMap {
  return {
    'configs/metadata.json': jsonFile(bundleMetadata()),
    'configs/inference.json': jsonFile(inferenceConfig()),
    'models/model.pt': weightsFile(),
    ...changes,
  };
}

export function bundleZip(changes: BundleFileMap = {}): Uint8Array {
  return zipSync(bundleFiles(changes));
}
