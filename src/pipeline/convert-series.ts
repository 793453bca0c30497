import { PipelineError } from '../contracts/errors.ts';
import type { ObjectRef } from '../contracts/identifiers.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import {
  type ConvertSeriesInput,
  type ConvertSeriesOutput,
  SlicesList,
} from '../contracts/stages/prepare-session.ts';
import { type ConvertedVolume, convertVolume } from '../engine/convert-volume.ts';
import { chooseVolume } from '../imaging/mask/choose-volume.ts';
import { planSeries } from '../imaging/series/plan-series.ts';
import type { SeriesPlan, VolumePlan } from '../imaging/series/volume-plan.ts';
import type { Ports } from '../ports/index.ts';
import { NIFTI_DESCRIPTION } from './output-version.ts';
import { readRegions } from './read-regions.ts';
import { readSlices, type StoredSlices } from './read-slices.ts';
import { jsonBytes, readJson } from './stored-json.ts';
import { NIFTI_TYPE } from './stored-volume.ts';
import { type GeometryFile, storeGrid } from './work-files.ts';

/**
 * DICOM slices -> one native volume (.nii.gz) and a description of it: what `contourflow convert` does, between objects.
 *
 * An irregular stack is resampled onto a regular grid. Of a series with several volumes the one is made that the contours
 * were drawn on. Files are read into shared memory, and the result is sent in parts while it is made.
 *
 * @throws NotDicom, TruncatedDicom, MissingAttribute, UnsupportedTransferSyntax, CorruptPixelData, and what planning finds: MixedSeries,
 *   TooFewSlices, DegenerateOrientation, DuplicateSlicePosition, VolumeTooLarge, Localizer, SecondaryCapture, ColourImage
 * @throws AmbiguousSeries when the contours fit several volumes of the series; what choosing finds when they fit none
 */
export async function convertSeries(
  input: ConvertSeriesInput,
  { objects }: Pick<Ports, 'objects'>,
): Promise<ConvertSeriesOutput> {
  const { project, execution } = input.session;
  const files = await readJson(objects, SlicesList, input.slices);
  const stored = await readSlices(files, objects);
  const series = planSeries(stored.slices);
  const plan = await volumeOf(series, input, objects);
  const work = (name: string) => objectKeys.work(project, execution, `${input.seriesUid}/${name}`);
  const upload = await objects.openBlob(project, work('image.nii.gz'), NIFTI_TYPE);
  const converted = await convertVolume(plan, upload, { softwareVersion: NIFTI_DESCRIPTION });
  const description = jsonBytes(describeVolume(plan, converted, rejections(series, stored)));
  return {
    image: converted.result,
    geometry: await objects.write(work('geometry.json'), description, 'application/json'),
    sizeIjk: [...plan.geometry.sizeIjk],
    spacingMm: [...plan.geometry.spacingMm],
    units: plan.unit,
  };
}

/** The contours are read only where they have something to decide. */
async function volumeOf(
  { seriesUid, volumes }: SeriesPlan,
  { roi }: ConvertSeriesInput,
  objects: Pick<Ports['objects'], 'read'>,
): Promise<VolumePlan> {
  const [only, ...others] = volumes;
  if (only !== undefined && others.length === 0) return only;
  const regions = await readRegions(await objects.read(roi.content));
  try {
    return chooseVolume(volumes, regions).plan;
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'AmbiguousSeries') throw error;
    const parts = volumes.map((volume) => (volume.parts ?? []).map(({ label }) => label).join(', '));
    throw new PipelineError(
      'AmbiguousSeries',
      `series ${seriesUid} holds ${volumes.length} volumes (${parts.join('; ')}) and the contours do not say which of them ` +
        'they were drawn on; save them on images of one volume, or send that volume as a series of its own',
      { seriesUid, parts },
      { cause: error },
    );
  }
}

type Rejections = GeometryFile['rejected'];

/** Every file that is in no volume, once for each reason. */
function rejections({ rejected }: SeriesPlan, { fileOf, setAside }: StoredSlices): Rejections {
  const all = [
    ...setAside.map(({ file, error: { code, message } }) => ({ file, code, message })),
    ...rejected.map(({ sopInstanceUid, code, message }) => ({
      file: fileOf.get(sopInstanceUid) as ObjectRef,
      code,
      message,
    })),
  ];
  const distinct = new Map(
    all.map(({ file: { sha256 }, code, message }) => [
      `${sha256} ${code} ${message}`,
      { sha256, code, message },
    ]),
  );
  return [...distinct.values()];
}

function describeVolume(
  plan: VolumePlan,
  { maxStorageError }: Pick<ConvertedVolume<unknown>, 'maxStorageError'>,
  rejected: Rejections,
): GeometryFile {
  const { irregularity, part, parts = part === undefined ? [] : [part] } = plan;
  const reasons = new Set(rejected.map(({ code, message }) => `images not used: ${code}, ${message}`));
  return {
    schemaVersion: 1,
    seriesUid: plan.seriesUid,
    frameOfReferenceUid: plan.frameOfReferenceUid ?? null,
    grid: storeGrid(plan.geometry),
    unit: plan.unit,
    scaleSource: plan.scaleSource,
    padding: plan.padding ? { ...plan.padding } : null,
    maxStorageError,
    references: plan.references.map(({ k, sopInstanceUid, frame, positionLps }) => ({
      ...{ k, sopInstanceUid, frame },
      positionLps: [...positionLps],
    })),
    irregularity: irregularity === undefined ? null : storeIrregularity(irregularity),
    parts: parts.map((one) => ({ ...one })),
    rejected,
    warnings: [...plan.warnings, ...reasons],
  };
}

function storeIrregularity(
  record: NonNullable<VolumePlan['irregularity']>,
): NonNullable<GeometryFile['irregularity']> {
  const { kinds, gapRangeMm, synthesisedPlanes } = record;
  return {
    ...record,
    kinds: [...kinds],
    gapRangeMm: [...gapRangeMm],
    synthesisedPlanes: [...synthesisedPlanes],
  };
}
