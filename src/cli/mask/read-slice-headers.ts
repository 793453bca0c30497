import { PipelineError } from '../../contracts/errors.ts';
import type { ByteSource } from '../../engine/byte-source.ts';
import { LOCAL_READS_AT_ONCE, listFolder } from '../../engine/local-source.ts';
import { parseSlices } from '../../imaging/dicom/parse-slice.ts';
import type { Slice } from '../../imaging/dicom/slice.ts';

/** Slices whose pixels must not be decoded: only what comes before them was read, where that was possible. */
export interface SliceHeaders {
  readonly slices: readonly Slice[];
  /** DICOM images that could not be read. */
  readonly leftOut: readonly { readonly file: string; readonly error: PipelineError }[];
}

/** Holds the attributes of nearly every classic image. */
const HEAD_BYTES = 64 * 1024;
/** What a file is when it is no image of a volume; such files may lie beside the images. */
const NO_IMAGE = [
  'NotDicom',
  'MissingAttribute',
  'UnsupportedImage',
  'ColourImage',
  'SecondaryCapture',
  'Localizer',
];

/** Reads the attributes of every DICOM image below a folder; other files are passed over. */
export async function readSliceHeaders(folder: string): Promise<SliceHeaders> {
  const sources = await listFolder(folder);
  const found = new Array<readonly Slice[]>(sources.length);
  const leftOut: SliceHeaders['leftOut'][number][] = [];
  let next = 0;
  const readNext = async (): Promise<void> => {
    for (let index = next++; index < sources.length; index = next++) {
      const source = sources[index] as ByteSource;
      try {
        found[index] = await readHeader(source);
      } catch (error) {
        if (!(error instanceof PipelineError)) throw error;
        found[index] = [];
        if (!NO_IMAGE.includes(error.code)) leftOut.push({ file: source.name, error });
      }
    }
  };
  await Promise.all(Array.from({ length: LOCAL_READS_AT_ONCE }, readNext));
  return { slices: found.flat(), leftOut };
}

/**
 * The file's beginning is read into a buffer of the file's size, whose rest costs no memory until it is touched. When
 * the attributes turn out to reach beyond it, or pixels are needed to understand them, the rest is read as well.
 */
async function readHeader(source: ByteSource): Promise<readonly Slice[]> {
  const bytes = new Uint8Array(source.sizeBytes);
  if (source.sizeBytes > HEAD_BYTES) {
    await source.readInto(bytes.subarray(0, HEAD_BYTES));
    const slices = parseOrUndefined(bytes);
    if (slices?.every((slice) => isWithinHead(slice, bytes))) return slices;
  }
  await source.readInto(bytes);
  return parseSlices(bytes);
}

function parseOrUndefined(bytes: Uint8Array): readonly Slice[] | undefined {
  try {
    return parseSlices(bytes);
  } catch (error) {
    if (error instanceof PipelineError) return undefined;
    throw error;
  }
}

/** One native frame that begins within what was read: everything before it was there. */
function isWithinHead({ encoded }: Slice, bytes: Uint8Array): boolean {
  const [pixels] = encoded.parts;
  const inFile = pixels?.buffer === bytes.buffer;
  return inFile && encoded.tile === undefined && pixels.byteOffset - bytes.byteOffset <= HEAD_BYTES;
}
