import { PipelineError } from '../../../contracts/errors.ts';

const HEADER_LENGTH = 64;
const MAX_SEGMENTS = 15;
const LARGEST_EXPANSION = 64;

/**
 * Decodes one RLE Lossless frame (PS3.5 Annex G): one segment per byte of a sample, most significant first.
 *
 * @param frame - the frame's fragment, header included.
 * @returns `pixels * bytesPerSample` bytes, little endian samples.
 * @throws TruncatedDicom when the header or a segment is damaged or yields fewer bytes than the image has.
 */
export function decodeRleFrame(
  frame: Uint8Array,
  pixels: number,
  bytesPerSample: number,
): Uint8Array<ArrayBuffer> {
  const offsets = segmentOffsets(frame, bytesPerSample);
  // Checked before anything is allocated: two bytes of input never make more than 128 of output.
  if (pixels * bytesPerSample > frame.length * LARGEST_EXPANSION)
    throw damaged('it is too short for the image');
  const out = new Uint8Array(pixels * bytesPerSample);
  offsets.forEach((start, index) => {
    const segment = frame.subarray(start, offsets[index + 1] ?? frame.length);
    unpackBits(segment, out, bytesPerSample - 1 - index, bytesPerSample);
  });
  return out;
}

function segmentOffsets(frame: Uint8Array, expected: number): number[] {
  if (frame.length < HEADER_LENGTH) throw damaged('its header is cut off');
  const view = new DataView(frame.buffer, frame.byteOffset, HEADER_LENGTH);
  const count = view.getUint32(0, true);
  if (count !== expected || count > MAX_SEGMENTS) {
    throw damaged(`it declares ${count} segments where ${expected} are needed`);
  }
  const offsets = Array.from({ length: count }, (_, index) => view.getUint32(4 + 4 * index, true));
  const ordered = offsets.every((offset, index) => offset >= (offsets[index - 1] ?? HEADER_LENGTH));
  if (!ordered || (offsets.at(-1) ?? 0) > frame.length) throw damaged('its segment offsets are out of order');
  return offsets;
}

/** PackBits into every `stride`-th byte of `out`; surplus input is ignored, as PS3.5 G.3.2 allows padding. */
function unpackBits(segment: Uint8Array, out: Uint8Array, first: number, stride: number): void {
  let at = 0;
  let to = first;
  while (to < out.length) {
    const control = segment[at++];
    if (control === undefined) throw damaged('a segment ends before the image is complete');
    if (control === 128) continue;
    const repeated = control > 128;
    const run = repeated ? 257 - control : control + 1;
    for (let n = 0; n < run && to < out.length; n++, to += stride) {
      const value = segment[repeated ? at : at + n];
      if (value === undefined) throw damaged('a segment ends before the image is complete');
      out[to] = value;
    }
    at += repeated ? 1 : run;
  }
}

function damaged(why: string): PipelineError {
  return new PipelineError(
    'TruncatedDicom',
    `an RLE frame cannot be decoded: ${why}; transfer the file again`,
  );
}
