import { mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { writeMask } from '../../engine/write-mask.ts';
import type { Mask } from '../../imaging/mask/build-mask.ts';
import type { ChosenVolume } from '../../imaging/mask/choose-volume.ts';
import type { BuildMaskInput } from '../../imaging/mask/mask-input.ts';
import type { MaskTarget } from '../../imaging/mask/mask-target.ts';
import type { RegionSet, RegionSource } from '../../imaging/mask/region-source.ts';
import { labelPacking, openLabelFile } from './label-file.ts';
import { regionFileNames } from './region-file-names.ts';

/** The part of `contourflow mask`'s input that its files of single regions need. */
interface EachRegionInput extends Pick<BuildMaskInput, 'policies' | 'interpolateUpToMm'> {
  readonly regions: RegionSet;
  /** Label map to write. */
  readonly out: string;
  /** Folder for the files; none without it. */
  readonly perRoi?: string | undefined;
  readonly softwareVersion: string;
  /** Called after each region that is written. */
  readonly onRegion: () => void;
}

/**
 * One binary file per region, drawn by itself; names are given to regions without a file too, so that none moves.
 *
 * @returns each region's file relative to the folder of the label map; undefined for one that has none
 */
export async function writeEachRegion(
  mask: Pick<Mask, 'sources'>,
  { target }: ChosenVolume,
  input: EachRegionInput,
): Promise<readonly (string | undefined)[]> {
  const { perRoi, regions, out } = input;
  if (perRoi === undefined) return [];
  const names = regionFileNames(
    mask.sources.map(({ name }) => name),
    await takenNames(perRoi, out),
  );
  const files: (string | undefined)[] = [];
  for (const [index, region] of regions.regions.entries()) {
    const wanted = mask.sources[index]?.value !== null;
    const path = join(perRoi, names[index] ?? '');
    if (wanted) {
      await writeAlone(region, path, input, target);
      input.onRegion();
    }
    files.push(wanted ? relative(dirname(out), path).split(sep).join('/') : undefined);
  }
  return files;
}

/** The label map is there already: a region of its name in its folder, however that is spelled, would replace it. */
async function takenNames(perRoi: string, out: string): Promise<readonly string[]> {
  const [ofRegions, ofLabels] = await Promise.all([realFolder(perRoi), realFolder(dirname(out))]);
  return ofRegions === ofLabels ? [basename(out)] : [];
}

async function realFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return realpath(path);
}

/** As a mask of one region, value 1. */
async function writeAlone(
  region: RegionSource,
  path: string,
  { regions, policies, interpolateUpToMm, softwareVersion }: EachRegionInput,
  target: MaskTarget,
): Promise<void> {
  // The set as a whole was checked before the label map was written.
  const alone = { ...regions, regions: [region], warnings: [], check: () => [] };
  await writeMask(
    { target, regions: alone, policies, interpolateUpToMm },
    { openSink: () => openLabelFile(path), packing: labelPacking(path), softwareVersion },
  );
}
