import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  DEFAULT_SUBJECTS,
  generatePhantom,
  PHANTOM_LABEL_MAP,
  type Phantom,
  phantomRtstruct,
} from '../../local/phantoms/generate-phantom.ts';
import { type BaselineDice, cohortBaseline } from '../../local/phantoms/threshold-baseline.ts';
import { canonicalJson } from '../../src/contracts/canonical-json.ts';
import { DatasetManifest } from '../../src/contracts/dataset.ts';
import type { ObjectRef, SpacingMm } from '../../src/contracts/identifiers.ts';
import { LabelPolicies } from '../../src/contracts/label-policy.ts';
import { objectKeys } from '../../src/contracts/object-keys.ts';
import { SCHEMA_VERSION } from '../../src/contracts/schema-version.ts';
import { datasetIdOf } from '../../src/datasets/manifest.ts';
import { splitSubjects } from '../../src/datasets/split.ts';
import { parseRtstruct } from '../../src/imaging/contour/parse-rtstruct.ts';
import { parseSlices } from '../../src/imaging/dicom/parse-slice.ts';
import { buildMask } from '../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../src/imaging/mask/contour-regions.ts';
import { classTable, parseLabelMap } from '../../src/imaging/mask/label-map.ts';
import { resampleImage } from '../../src/imaging/resample/resample-image.ts';
import { type ResampledMask, resampleMask } from '../../src/imaging/resample/resample-mask.ts';
import { renderVolume } from '../../src/imaging/series/image-volume.ts';
import { planSeries } from '../../src/imaging/series/plan-series.ts';
import type { VolumePlan } from '../../src/imaging/series/volume-plan.ts';
import {
  createMemoryObjectStore,
  type MemoryObjectStore,
  sha256Hex,
} from '../helpers/memory-object-store.ts';
import { storeVolume } from '../helpers/store-volume.ts';

export const PROJECT = 'bench';
const LABEL_MAP = parseLabelMap(PHANTOM_LABEL_MAP);
/** As the demo splits its sessions. */
const SPLIT = { training: 0.6, validation: 0.2, test: 0.2 };
/** How far the labels of the broken dataset are moved along i: 10 mm on a grid of 2 mm. */
const SHIFT_VOXELS = 5;
const PLACE = { project: PROJECT, temporaryKey: 'volume.nii.gz' };

export interface PhantomDataset {
  readonly manifest: DatasetManifest;
  readonly datasetId: string;
  readonly manifestRef: ObjectRef;
  /** The same cases, the labels of the test subjects moved by {@link SHIFT_VOXELS}. */
  readonly brokenRef: ObjectRef;
  readonly baseline: BaselineDice;
}

type Item = DatasetManifest['items'][number];

/**
 * Phantom patients through the imaging stages into a frozen dataset below `root`, laid out as in the data bucket.
 *
 * @param spacingMm - voxel spacing of images and masks, as the model wants it
 */
export async function writePhantomDataset(
  root: string,
  seed: number,
  spacingMm: SpacingMm,
): Promise<PhantomDataset> {
  const objects = createMemoryObjectStore();
  const subjects = Array.from({ length: DEFAULT_SUBJECTS }, (_, at) => at + 1);
  const names = subjects.map((subject) => `PHANTOM_${String(subject).padStart(3, '0')}`);
  const partitions = splitSubjects(names, { ...SPLIT, seed }, sha256Hex);
  const items: Item[] = [];
  const broken: Item[] = [];
  const truths = [];
  for (const subject of subjects) {
    const phantom = generatePhantom({ seed, subject });
    const partition = partitions.get(phantom.subject) ?? 'training';
    const prepared = await preparePhantom(objects, phantom, spacingMm);
    const item = {
      caseId: sha256Hex(phantom.session).slice(0, 32),
      subject: phantom.subject,
      session: phantom.session,
      partition,
    };
    const { image, label, movedLabel } = prepared;
    items.push({ ...item, files: { image, label } });
    broken.push({ ...item, files: { image, label: partition === 'test' ? movedLabel : label } });
    if (partition === 'test') truths.push(phantom.truth);
  }
  const [whole, moved] = [manifestOf(items, seed, spacingMm), manifestOf(broken, seed, spacingMm)];
  const [manifestRef, brokenRef] = [await writeManifest(objects, whole), await writeManifest(objects, moved)];
  for (const [key, bytes] of objects.contents) writeObject(root, key, bytes);
  return {
    manifest: whole,
    datasetId: datasetIdOf(whole, sha256Hex),
    manifestRef,
    brokenRef,
    baseline: cohortBaseline(truths),
  };
}

/** A file in a folder that the trainer takes for the bucket (`--local-root`). */
export function writeObject(root: string, key: string, bytes: Uint8Array): void {
  const path = join(root, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/** Slices and RTSTRUCT -> image and mask at the model's spacing, as prepare-session does it. */
async function preparePhantom(objects: MemoryObjectStore, phantom: Phantom, spacingMm: SpacingMm) {
  const files = phantom.scans.flatMap((scan) => scan.files);
  const plan = planSeries(files.flatMap(({ bytes }) => parseSlices(bytes)));
  const volume = renderVolume(plan.volumes[0] as VolumePlan);
  const mask = buildMask({
    target: volume,
    regions: contourRegions(parseRtstruct(phantomRtstruct(phantom))),
    labelMap: LABEL_MAP,
    policies: LabelPolicies.parse({}),
  });
  const resampled = resampleMask(
    {
      geometry: volume.geometry,
      labels: mask.labels,
      valueOrder: LABEL_MAP.entries.map(({ value }) => value),
    },
    spacingMm,
  );
  const store = (labels: ResampledMask['labels']): Promise<ObjectRef> =>
    storeVolume(objects, PLACE, { geometry: resampled.geometry, values: labels });
  return {
    image: await storeVolume(objects, PLACE, resampleImage(volume, spacingMm)),
    label: await store(resampled.labels),
    movedLabel: await store(moved(resampled)),
  };
}

/** Labels moved along i, background following after. */
function moved({ labels, geometry }: ResampledMask): ResampledMask['labels'] {
  const [columns] = geometry.sizeIjk;
  const result = labels.slice();
  for (let at = 0; at < result.length; at += 1) {
    result[at] = at % columns < SHIFT_VOXELS ? 0 : (labels[at - SHIFT_VOXELS] as number);
  }
  return result;
}

function manifestOf(items: readonly Item[], seed: number, spacingMm: SpacingMm): DatasetManifest {
  return DatasetManifest.parse({
    schemaVersion: SCHEMA_VERSION,
    project: PROJECT,
    definitionId: 'phantoms',
    criteria: { Images: { tag: 'image' }, Labels: { tag: 'label' } },
    split: { ...SPLIT, seed },
    classes: classTable(LABEL_MAP),
    spacingMm,
    units: 'HU',
    items,
  });
}

function writeManifest(objects: MemoryObjectStore, manifest: DatasetManifest): Promise<ObjectRef> {
  const key = objectKeys.datasetManifest(PROJECT, datasetIdOf(manifest, sha256Hex));
  return objects.writeOnce(key, new TextEncoder().encode(canonicalJson(manifest)));
}
