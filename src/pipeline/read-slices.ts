import { type ErrorCode, PipelineError } from '../contracts/errors.ts';
import type { ObjectRef } from '../contracts/identifiers.ts';
import type { ByteSource } from '../engine/byte-source.ts';
import { readIntoSlab } from '../engine/shared-slab.ts';
import { parseSlices } from '../imaging/dicom/parse-slice.ts';
import type { Slice } from '../imaging/dicom/slice.ts';
import type { Ports } from '../ports/index.ts';

/** Enough to keep the network busy with files of half a megabyte. */
const READS_AT_ONCE = 16;

/** Sound images that are no slice of a volume. Anything else that cannot be read stops the conversion. */
const SET_ASIDE: readonly ErrorCode[] = ['Localizer', 'SecondaryCapture', 'ColourImage'];

/** The slices of stored files, their pixels in shared memory. */
export interface StoredSlices {
  readonly slices: readonly Slice[];
  /** Which file each SOP instance came from. */
  readonly fileOf: ReadonlyMap<string, ObjectRef>;
  readonly setAside: readonly { readonly file: ObjectRef; readonly error: PipelineError }[];
}

/**
 * Reads the DICOM files of a series, each once and without a copy.
 *
 * @throws NotDicom, TruncatedDicom, MissingAttribute, UnsupportedTransferSyntax, UnsupportedImage for a file that is damaged or
 *   of no use: a slice is never left out without a word; what the first file was set aside for when no slice is left
 */
export async function readSlices(
  files: readonly ObjectRef[],
  objects: Pick<Ports['objects'], 'readInto'>,
): Promise<StoredSlices> {
  const found: Slice[][] = files.map(() => []);
  const refusals: (PipelineError | undefined)[] = files.map(() => undefined);
  const sources = files.map((file): ByteSource => {
    const { key, sizeBytes } = file;
    return { name: key, sizeBytes, readInto: (target) => objects.readInto(file, target) };
  });
  await readIntoSlab(sources, {
    atOnce: READS_AT_ONCE,
    onRead: (bytes, index) => {
      try {
        found[index] = [...parseSlices(bytes)];
      } catch (error) {
        if (!isSetAside(error)) throw error;
        refusals[index] = error;
      }
    },
  });
  const setAside = files.flatMap((file, index) => {
    const error = refusals[index];
    return error === undefined ? [] : [{ file, error }];
  });
  const [first] = setAside;
  if (first !== undefined && setAside.length === files.length) throw first.error;
  return { slices: found.flat(), fileOf: filesByInstance(files, found), setAside };
}

function isSetAside(error: unknown): error is PipelineError {
  return error instanceof PipelineError && SET_ASIDE.includes(error.code);
}

function filesByInstance(
  files: readonly ObjectRef[],
  found: readonly (readonly Slice[])[],
): Map<string, ObjectRef> {
  return new Map(
    files.flatMap((file, index) =>
      (found[index] ?? []).map(({ sopInstanceUid }) => [sopInstanceUid, file] as const),
    ),
  );
}
