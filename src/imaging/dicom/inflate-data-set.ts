import { constants, inflateRawSync } from 'node:zlib';
import { PipelineError } from '../../contracts/errors.ts';
import { ByteSource, DataSet, PIXEL_DATA_TAG, UNDEFINED_LENGTH } from './data-elements.ts';

/** So much of the stream is read to find out how long the data set says it is; it inflates to 4 or 66 MB at most. */
const PROBES = [4096, 65_536];
/** Deflate cannot expand more than this. */
const LARGEST_EXPANSION = 1032;
/** A data set whose pixel data is not found in the probe, or that has none. */
const MAX_WITHOUT_SIZE = 256 * 1024 * 1024;
/** The largest data set that is inflated at all. */
const MAX_INFLATED = 640 * 1024 * 1024;
/** Padding and signatures after the pixel data. */
const MAX_TRAILER = 1024 * 1024;

/**
 * Inflates a data set in Deflated Explicit VR Little Endian (PS3.5 Annex A.5).
 *
 * The size comes from the data set itself: the start is inflated to find the length of its pixel data, and the rest
 * may not grow beyond that. A stream that does is a decompression bomb.
 *
 * @throws DecompressionBomb, TruncatedDicom
 */
export function inflateDataSet(deflated: Uint8Array): Uint8Array {
  const expected = statedLength(deflated);
  const limit = expected === undefined ? MAX_WITHOUT_SIZE : expected + MAX_TRAILER;
  if (limit > MAX_INFLATED + MAX_TRAILER) throw bomb(`states ${limit} bytes`);
  const possible = Math.min(limit, deflated.length * LARGEST_EXPANSION);
  return inflate(deflated, limit, constants.Z_FINISH, expected === undefined ? undefined : possible);
}

/** Bytes up to the end of the pixel data by the header; undefined when no probe reaches the pixel data. */
function statedLength(deflated: Uint8Array): number | undefined {
  for (const length of PROBES) {
    const probe = deflated.subarray(0, length);
    const start = inflate(probe, length * LARGEST_EXPANSION, constants.Z_SYNC_FLUSH);
    const stated = endOfPixelData(start);
    if (stated !== undefined || probe.length === deflated.length) return stated;
  }
  return undefined;
}

function endOfPixelData(start: Uint8Array): number | undefined {
  const source = new ByteSource(start);
  try {
    const dataSet = new DataSet(source, 0, start.length, { explicitVr: true, littleEndian: true });
    const pixels = dataSet.find(PIXEL_DATA_TAG);
    return pixels === undefined || pixels.length === UNDEFINED_LENGTH
      ? undefined
      : pixels.offset + pixels.length;
  } catch {
    // The probe ends inside an element; the whole data set is judged when it is there.
    return undefined;
  }
}

/** @param chunkSize - a whole result in one chunk is not copied together at the end. */
function inflate(deflated: Uint8Array, limit: number, finishFlush: number, chunkSize = 65_536): Uint8Array {
  try {
    return inflateRawSync(deflated, {
      maxOutputLength: limit,
      finishFlush,
      chunkSize: Math.max(65_536, chunkSize),
    });
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      throw bomb('goes on after its stated end');
    throw new PipelineError(
      'TruncatedDicom',
      'the deflated data set ends early or is damaged; transfer the file again',
      {},
      { cause },
    );
  }
}

function bomb(why: string): PipelineError {
  return new PipelineError(
    'DecompressionBomb',
    `the deflated data set ${why}; at most ${MAX_INFLATED} bytes and the stated pixel data are inflated: export the file uncompressed`,
    { allowedBytes: MAX_INFLATED },
  );
}
