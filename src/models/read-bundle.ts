import type { RegionClass } from '../contracts/dataset.ts';
import { PipelineError } from '../contracts/errors.ts';
import type { NetworkDefinition, Preprocessing } from '../contracts/training.ts';
import { parseLabelMap } from '../imaging/mask/label-map.ts';
import { BundleConfig } from './bundle-config.ts';
import { type BundleFiles, readBundleZip } from './bundle-zip.ts';
import { readChannels, withMaskValues } from './model-classes.ts';
import { readNetworkDefinition } from './network-definition.ts';
import { readPreprocessing } from './preprocessing.ts';
import { scanWeights } from './weights-scan.ts';

/** A MONAI bundle as far as Contourflow uses it; nothing of its configuration is ever executed. */
export interface ModelBundle {
  readonly network: NetworkDefinition;
  readonly preprocessing: Preprocessing;
  readonly classes: RegionClass[];
  /** `models/model.pt`, a scanned state dict. */
  readonly weights: Uint8Array;
  /** `configs/region2MaskValueMap.txt` as it came, when the bundle carries one. */
  readonly labelMap: Uint8Array | null;
}

/**
 * Reads and checks a bundle zip.
 *
 * @throws InvalidModel, UnsafeModel or MalformedLabelMap, each with a sentence that says what to change.
 */
export function readBundle(zip: Uint8Array): ModelBundle {
  const files = readBundleZip(zip);
  const config = mainConfig(files);
  const weights = required(files, 'models/model.pt');
  scanWeights(weights);
  const { network, outChannels } = readNetworkDefinition(config);
  const metadata = new BundleConfig('configs/metadata.json', required(files, 'configs/metadata.json'));
  const channels = readChannels(metadata, outChannels);
  const labelMap = files.get('configs/region2MaskValueMap.txt') ?? null;
  return {
    network,
    preprocessing: readPreprocessing(config),
    classes: labelMap ? withMaskValues(channels, parseLabelMap(labelMap)) : channels,
    weights,
    labelMap,
  };
}

/** inference.json states the network as it is used; train.json does for bundles without one. */
function mainConfig(files: BundleFiles): BundleConfig {
  for (const name of ['configs/inference.json', 'configs/train.json'] as const) {
    const bytes = files.get(name);
    if (bytes) return new BundleConfig(name, bytes);
  }
  throw new PipelineError(
    'InvalidModel',
    'the bundle has neither configs/inference.json nor configs/train.json; one must state network_def and preprocessing',
  );
}

function required(files: BundleFiles, name: Parameters<BundleFiles['get']>[0]): Uint8Array {
  const bytes = files.get(name);
  if (!bytes) {
    throw new PipelineError('InvalidModel', `the bundle has no ${name}`);
  }
  return bytes;
}
