import { readFile } from 'node:fs/promises';
import type { DicomFolder, DicomImages, DicomStructures } from '../../src/cli/scan-dicom-folder.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import { type References, readDicomReferences } from '../xnat/dicom-references.ts';
import { HttpError } from '../xnat/http-error.ts';

/** A structure set with the series it was drawn on. */
export interface UsableSet {
  readonly structures: DicomStructures;
  readonly series: readonly DicomImages[];
}

/**
 * A structure set with its series, or what would make the XNAT refuse it: it takes a collection only when every
 * study, series and image that the set names is in the session.
 *
 * @throws UnsupportedRoiType, ReferencedSeriesMissing, ReferencedImageMissing, MixedSeries, NotDicom
 */
export async function requireUsable(found: DicomFolder, structures: DicomStructures): Promise<UsableSet> {
  const { format, file } = structures;
  if (format !== 'RTSTRUCT') {
    throw new PipelineError(
      'UnsupportedRoiType',
      `it is of type ${format}, and the demo takes RTSTRUCT; send the others with contourflow upload`,
    );
  }
  const references = referencesOf(await readFile(file));
  const series = found.series.filter(({ seriesUid }) => structures.seriesUids.includes(seriesUid));
  requireSeries(references, structures, series);
  requireStudy(references, series);
  requireImages(references, series);
  return { structures, series };
}

function referencesOf(bytes: Uint8Array): References {
  try {
    return readDicomReferences(bytes);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new PipelineError('NotDicom', 'the XNAT takes DICOM files with a preamble only; export it again');
  }
}

function requireSeries(
  { seriesUids }: References,
  structures: DicomStructures,
  series: readonly DicomImages[],
): void {
  const wanted = new Set([...structures.seriesUids, ...seriesUids]);
  if (series.length > 0 && series.length === wanted.size) return;
  const named =
    wanted.size === 0
      ? 'no image series'
      : `${wanted.size} image series, of which ${series.length} can be read here`;
  throw new PipelineError(
    'ReferencedSeriesMissing',
    `it names ${named}; put each RTSTRUCT file beside the series it was drawn on`,
  );
}

function requireStudy({ studyUids }: References, series: readonly DicomImages[]): void {
  const studies = new Set([...studyUids, ...series.map(({ studyUid }) => studyUid)]);
  if (studies.size === 1) return;
  throw new PipelineError(
    'MixedSeries',
    `it and its series belong to ${studies.size} studies, and a session of the XNAT is one; draw on the series of one study`,
  );
}

function requireImages({ sopInstanceUids }: References, series: readonly DicomImages[]): void {
  const there = new Set(series.flatMap((one) => one.sopInstanceUids));
  const present = sopInstanceUids.filter((uid) => there.has(uid)).length;
  if (present === sopInstanceUids.length) return;
  throw new PipelineError(
    'ReferencedImageMissing',
    `it names ${sopInstanceUids.length} images, of which ${present} can be read here; put the whole series beside it`,
  );
}
