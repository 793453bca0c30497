import type { CertifiedGrid, CertifiedInput } from '../../contracts/certificate.ts';
import type { ConversionCertificate } from '../../contracts/conversion-certificate.ts';
import { SCHEMA_VERSION } from '../../contracts/schema-version.ts';
import type { ConvertedVolume } from '../../engine/convert-volume.ts';
import type { VolumeGeometry } from '../../imaging/geometry/volume-geometry.ts';
import type { IrregularityRecord, SeriesPlan, VolumePlan } from '../../imaging/series/volume-plan.ts';
import type { SeriesFile } from './dicom-folder.ts';

export interface DigestedFile extends SeriesFile {
  readonly sha256: string;
}

export interface ConversionFacts {
  /** Name of the volume. */
  readonly file: string;
  readonly volume: VolumePlan;
  readonly converted: Pick<ConvertedVolume<unknown>, 'sha256' | 'sizeBytes' | 'dataType' | 'maxStorageError'>;
  readonly plan: SeriesPlan;
  readonly files: readonly DigestedFile[];
  readonly softwareVersion: string;
}

/** The certificate of one volume. */
export function certifyConversion(facts: ConversionFacts): ConversionCertificate {
  const { volume, converted, file, softwareVersion } = facts;
  const { sha256, sizeBytes, dataType, maxStorageError } = converted;
  return {
    schemaVersion: SCHEMA_VERSION,
    softwareVersion,
    seriesUid: volume.seriesUid,
    modality: volume.modality,
    output: { file, sha256, sizeBytes, dataType },
    grid: certifyGrid(volume.geometry),
    unit: volume.unit,
    scaleSource: volume.scaleSource,
    padding: volume.padding === undefined ? null : { ...volume.padding },
    maxStorageError,
    parts: (volume.parts ?? (volume.part === undefined ? [] : [volume.part])).map((part) => ({ ...part })),
    irregularity: certifyIrregularity(volume.irregularity),
    inputs: inputsOf(facts),
    slices: volume.references.map(({ k, sopInstanceUid, frame }) => ({ k, sopInstanceUid, frame })),
    rejected: rejectionsOf(facts),
    warnings: [...volume.warnings],
  };
}

function certifyGrid({ sizeIjk, spacingMm, originLps, directionLps }: VolumeGeometry): CertifiedGrid {
  return {
    sizeIjk: [...sizeIjk],
    spacingMm: [...spacingMm],
    originLps: [...originLps],
    directionLps: [...directionLps],
  };
}

function certifyIrregularity(record: IrregularityRecord | undefined): ConversionCertificate['irregularity'] {
  if (record === undefined) return null;
  const { kinds, gapRangeMm, synthesisedPlanes } = record;
  return {
    ...record,
    kinds: [...kinds],
    gapRangeMm: [...gapRangeMm],
    synthesisedPlanes: [...synthesisedPlanes],
  };
}

/** Files by content and not by name, which may hold a person's. */
function inputsOf({ volume, files }: ConversionFacts): CertifiedInput[] {
  const used = new Set(volume.slices.map(({ sopInstanceUid }) => sopInstanceUid));
  return files
    .filter(({ slices }) => slices.some(({ sopInstanceUid }) => used.has(sopInstanceUid)))
    .map(({ sha256, bytes }) => ({ role: 'slice', sha256, sizeBytes: bytes.length }));
}

function rejectionsOf({ plan, files }: ConversionFacts): ConversionCertificate['rejected'] {
  const whole = files.flatMap(({ sha256, refusal }) =>
    refusal === null ? [] : [{ sha256, frame: null, code: refusal.code, message: refusal.message }],
  );
  const digestOf = new Map(
    files.flatMap(({ sha256, slices }) =>
      slices.map(({ sopInstanceUid }) => [sopInstanceUid, sha256] as const),
    ),
  );
  const frames = plan.rejected.map(({ sopInstanceUid, frame, code, message }) => ({
    sha256: digestOf.get(sopInstanceUid) as string,
    ...{ frame, code, message },
  }));
  return [...whole, ...frames];
}
