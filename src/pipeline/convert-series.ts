import { PipelineError } from '../contracts/errors.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import {
  type ConvertSeriesInput,
  type ConvertSeriesOutput,
  SlicesList,
} from '../contracts/stages/prepare-session.ts';
import { parseSlices } from '../imaging/dicom/parse-slice.ts';
import { type ImageVolume, renderVolume } from '../imaging/series/image-volume.ts';
import { planSeries } from '../imaging/series/plan-series.ts';
import type { SeriesPlan, VolumePlan } from '../imaging/series/volume-plan.ts';
import type { Ports } from '../ports/index.ts';
import { inParallel } from './in-parallel.ts';
import { jsonBytes, readJson } from './stored-json.ts';
import { writeVolume } from './stored-volume.ts';
import { type GeometryFile, storeGrid } from './work-files.ts';

const READS_AT_ONCE = 16;

/**
 * DICOM slices -> one native volume (.nii.gz) and a description of it.
 *
 * @throws NotDicom, TruncatedDicom, MissingAttribute, UnsupportedTransferSyntax, and what stacking finds: MixedSeries,
 *   TooFewSlices, DegenerateOrientation, DuplicateSlicePosition, IrregularSpacing, GantryTilt, VolumeTooLarge, AmbiguousSeries
 */
export async function convertSeries(
  input: ConvertSeriesInput,
  { objects }: Pick<Ports, 'objects'>,
): Promise<ConvertSeriesOutput> {
  const { project, execution } = input.session;
  const files = await readJson(objects, SlicesList, input.slices);
  const slices = await inParallel(files, READS_AT_ONCE, async (file) =>
    parseSlices(await objects.read(file)),
  );
  const plan = planSeries(slices.flat(), { irregular: 'reject' });
  const volume = renderVolume(onlyVolume(plan));
  const { sizeIjk, spacingMm } = volume.geometry;
  const geometryKey = objectKeys.work(project, execution, `${input.seriesUid}/geometry.json`);
  return {
    image: await writeVolume(objects, project, volume),
    geometry: await objects.write(geometryKey, jsonBytes(describeVolume(volume, plan)), 'application/json'),
    sizeIjk: [...sizeIjk],
    spacingMm: [...spacingMm],
    units: volume.unit,
  };
}

/** @throws AmbiguousSeries when the series holds several volumes, since contours are drawn on one of them. */
function onlyVolume({ seriesUid, volumes }: SeriesPlan): VolumePlan {
  const [volume, ...others] = volumes;
  if (volume !== undefined && others.length === 0) return volume;
  const parts = volumes.map(({ parts }) => (parts ?? []).map(({ label }) => label).join(', '));
  throw new PipelineError(
    'AmbiguousSeries',
    `series ${seriesUid} holds ${volumes.length} volumes (${parts.join('; ')}); export the one that contours were drawn on`,
    { seriesUid, parts },
  );
}

function describeVolume(volume: ImageVolume, { rejected }: SeriesPlan): GeometryFile {
  return {
    schemaVersion: 1,
    seriesUid: volume.seriesUid,
    frameOfReferenceUid: volume.frameOfReferenceUid ?? null,
    grid: storeGrid(volume.geometry),
    unit: volume.unit,
    scaleSource: volume.scaleSource,
    padding: volume.padding ? { ...volume.padding } : null,
    maxStorageError: volume.maxStorageError,
    slices: volume.slices.map(({ k, sopInstanceUid }) => ({ k, sopInstanceUid })),
    warnings: [
      ...volume.warnings,
      ...new Set(rejected.map(({ code, message }) => `images not used: ${code}, ${message}`)),
    ],
  };
}
