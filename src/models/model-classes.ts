import type { RegionClass } from '../contracts/dataset.ts';
import { PipelineError } from '../contracts/errors.ts';
import { type LabelMap, matchRegion } from '../imaging/mask/label-map.ts';
import { foldRegionName } from '../imaging/mask/region-name.ts';
import { type BundleConfig, isObject } from './bundle-config.ts';

const BACKGROUND = 'background';

/**
 * The regions of a model's head from `network_data_format.outputs.pred.channel_def`
 * (`{"0": "background", "1": "spleen"}`). `index` is the output channel; `maskValue` is the channel too until a
 * label map gives another.
 *
 * @throws InvalidModel when channels are missing, doubled, or not as many as the network has.
 */
export function readChannels(metadata: BundleConfig, outChannels: number): RegionClass[] {
  const names = channelNames(metadata);
  if (names.length !== outChannels) {
    throw metadata.problem(
      `channel_def names ${names.length} channels, but network_def has out_channels ${outChannels}; they must be equal`,
    );
  }
  if (foldRegionName(names[0] ?? '') !== BACKGROUND) {
    throw metadata.problem(`channel 0 is ${JSON.stringify(names[0]?.slice(0, 80))}; it must be "background"`);
  }
  const folded = names.map(foldRegionName);
  const repeated = names.find((_, index) => folded.indexOf(folded[index] ?? '') !== index);
  if (repeated !== undefined) {
    throw metadata.problem(`channel_def names the region ${JSON.stringify(repeated.slice(0, 80))} twice`);
  }
  return names.slice(1).map((name, position) => ({ index: position + 1, maskValue: position + 1, name }));
}

/**
 * Gives the classes of a model the mask values of a label map. Regions are the same when their names compare
 * equal (synonyms of the map included); their channels never move. A region that the map does not name keeps a
 * value of its own, so that no two classes share one by accident.
 */
export function withMaskValues(classes: readonly RegionClass[], map: LabelMap): RegionClass[] {
  const taken = new Set(map.entries.map(({ value }) => value));
  return classes.map((region) => {
    const value = matchRegion(map, region.name)?.entry.value ?? freeValue(region.maskValue, taken);
    taken.add(value);
    return { ...region, maskValue: value };
  });
}

/** Names of the regions that both tables have, by identity. */
export function sharedRegions(a: readonly RegionClass[], b: readonly RegionClass[]): string[] {
  const known = new Set(b.map(({ name }) => foldRegionName(name)));
  return a.filter(({ name }) => known.has(foldRegionName(name))).map(({ name }) => name);
}

function freeValue(wanted: number, taken: ReadonlySet<number>): number {
  let value = wanted;
  while (taken.has(value)) value++;
  if (value > 65_535) {
    throw new PipelineError(
      'MalformedLabelMap',
      'no mask value is left for a region of the model; use smaller values',
    );
  }
  return value;
}

function channelNames(metadata: BundleConfig): string[] {
  const definition = at(metadata.root, ['network_data_format', 'outputs', 'pred', 'channel_def']);
  if (!isObject(definition)) {
    throw metadata.problem(
      'network_data_format.outputs.pred.channel_def is missing; it must name the region of each channel',
    );
  }
  const count = Object.keys(definition).length;
  return Array.from({ length: count }, (_, channel) => {
    const name = definition[String(channel)];
    if (typeof name !== 'string' || name.trim() === '' || name.length > 256) {
      throw metadata.problem(
        `channel_def has no usable name for channel ${channel}; channels count from 0 without gaps`,
      );
    }
    return name.trim();
  });
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((member, name) => (isObject(member) ? member[name] : undefined), value);
}
