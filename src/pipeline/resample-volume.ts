import { objectKeys } from '../contracts/object-keys.ts';
import type { ResampleVolumeInput, ResampleVolumeOutput } from '../contracts/stages/prepare-session.ts';
import { createGeometry } from '../imaging/geometry/volume-geometry.ts';
import { parseLabelMap } from '../imaging/mask/label-map.ts';
import type { ResampledImage } from '../imaging/resample/resample-image.ts';
import type { ResampledMask } from '../imaging/resample/resample-mask.ts';
import type { Ports } from '../ports/index.ts';
import { jsonBytes, readJson } from './stored-json.ts';
import { readLabels, readVolume, type VolumePlace } from './stored-volume.ts';
import { GeometryFile, type ModelSpaceFile, storeGrid } from './work-files.ts';
import { writeResampledImage, writeResampledMask } from './write-resampled.ts';

/**
 * Native image and mask -> both at the automation's voxel spacing, with the change of each region's volume.
 *
 * The grid comes from the description, which holds it in double precision; NIfTI's header rounds to single.
 *
 * @throws InvalidParameters, GantryTilt, VolumeTooLarge, MalformedNifti
 */
export async function resampleVolume(
  input: ResampleVolumeInput,
  { objects }: Pick<Ports, 'objects'>,
): Promise<ResampleVolumeOutput> {
  const { project, execution } = input.session;
  const { caseId, automation } = input.case;
  const work = (name: string) => objectKeys.work(project, execution, `${caseId}/${name}`);
  const place = (name: string): VolumePlace => ({ project, temporaryKey: work(name) });
  const described = await readJson(objects, GeometryFile, input.converted.geometry);
  const geometry = createGeometry(described.grid);
  const { unit, padding } = described;
  const native = await readVolume(objects, input.converted.image);
  const image = await writeResampledImage(
    objects,
    place('model-image.nii.gz'),
    { geometry, values: native.values, unit, ...(padding ? { padding } : {}) },
    automation,
  );
  const labels = await readLabels(objects, input.built.mask);
  const valueOrder = parseLabelMap(await objects.read(automation.labelMap)).entries.map(({ value }) => value);
  const mask = await writeResampledMask(
    objects,
    place('model-mask.nii.gz'),
    { geometry, labels, valueOrder },
    automation.spacingMm,
  );
  return {
    image: image.stored,
    mask: mask.stored,
    report: await objects.write(
      work('model-space.json'),
      jsonBytes(describe(image, mask)),
      'application/json',
    ),
  };
}

function describe(
  { geometry, maxRoundingError }: Omit<ResampledImage, 'values'>,
  { regions }: Omit<ResampledMask, 'labels'>,
): ModelSpaceFile {
  return {
    schemaVersion: 1,
    grid: storeGrid(geometry),
    maxRoundingError,
    regions: regions.map((region) => ({ ...region })),
  };
}
