import { createHash } from 'node:crypto';
import { beforeAll, expect, it } from '@jest/globals';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import { prepareCodecs } from '../../../../src/imaging/dicom/codecs/prepare-codecs.ts';
import { parseSlices } from '../../../../src/imaging/dicom/parse-slice.ts';
import type { Slice, StoredPixels } from '../../../../src/imaging/dicom/slice.ts';
import { decodeFrame } from '../../../../src/imaging/dicom/stored-pixels.ts';
import { describeWithSharedData, readSharedFile } from '../../../helpers/imaging-shared-data.ts';

interface ExpectedFile {
  readonly sha256_int16le?: string;
  readonly identical_to_original?: boolean;
  readonly vs_original_after_rescale?: { readonly max_abs: number; readonly mean_abs: number };
}

const FOLDER = 'transfer-syntaxes';
const ORIGINAL = 'CTImage.dcm_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm';
const DCT = 'CTImage.dcm_JPEGProcess';
/** Another inverse DCT than the reference's may move a pixel by a unit of stored value now and then. */
const MEAN_TOLERANCE = 1.005;

async function readSlice(path: string): Promise<Slice> {
  const [slice] = parseSlices(await readSharedFile(path));
  if (slice === undefined) throw new Error(`${path} holds no slice`);
  await prepareCodecs([slice.transferSyntaxUid]);
  return slice;
}

function digest({ buffer, byteOffset, byteLength }: StoredPixels): string {
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}

/** Largest and mean absolute difference of two slices in real-world values. */
function difference(a: Slice, b: Slice): { max: number; mean: number } {
  const [left, right] = [decodeFrame(a.encoded), decodeFrame(b.encoded)];
  let max = 0;
  let sum = 0;
  for (let at = 0; at < left.length; at++) {
    const values = [
      a.rescale.slope * (left[at] as number) + a.rescale.intercept,
      b.rescale.slope * (right[at] as number) + b.rescale.intercept,
    ] as const;
    const gap = Math.abs(values[0] - values[1]);
    max = Math.max(max, gap);
    sum += gap;
  }
  return { max, mean: sum / left.length };
}

function rangeOf(pixels: StoredPixels): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of pixels) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

async function codeOf(path: string): Promise<string> {
  try {
    parseSlices(await readSharedFile(path));
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

describeWithSharedData('transfer syntaxes of the shared data', () => {
  let expected: Readonly<Record<string, ExpectedFile>>;

  beforeAll(async () => {
    const text = new TextDecoder().decode(await readSharedFile('expected.json'));
    expected = JSON.parse(text).transfer_syntaxes.files;
  });

  it.each([
    'CTImage.dcm',
    'CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm',
    'CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm',
    'CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm',
    'CTImage.dcm_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm',
    'CTImage.dcm_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm',
    'CTImage.dcm_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm',
    ORIGINAL,
    'CTImage.dcm_LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2.dcm',
    'CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm',
  ])('%s equals the uncompressed original', async (name) => {
    expect(expected[name]?.identical_to_original).toBe(true);
    expect(digest(decodeFrame((await readSlice(`${FOLDER}/${name}`)).encoded))).toBe(
      expected[ORIGINAL]?.sha256_int16le,
    );
  });

  it.each([
    'CT1_J2KR',
    'CT2_J2KR',
    'CTImage.dcm_JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91.dcm',
    'CTImage.dcm_JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81.dcm',
  ])('%s has the stored values of the reference', async (name) => {
    expect(digest(decodeFrame((await readSlice(`${FOLDER}/${name}`)).encoded))).toBe(
      expected[name]?.sha256_int16le,
    );
  });

  it.each([
    { file: `${DCT}1TransferSyntax_1.2.840.10008.1.2.4.50.dcm`, reference: undefined },
    { file: `${DCT}2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm`, reference: undefined },
    // The reference cannot decode the two progressive ones; they were made of the same image at the same quality.
    { file: `${DCT}6_8TransferSyntax_1.2.840.10008.1.2.4.53.dcm`, reference: '2_4' },
    { file: `${DCT}10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm`, reference: '2_4' },
  ])('$file is as near to the original as the reference', async ({ file, reference }) => {
    const known = reference === undefined ? file : `${DCT}2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm`;
    const bound = expected[known]?.vs_original_after_rescale;
    const gap = difference(await readSlice(`${FOLDER}/${file}`), await readSlice(`${FOLDER}/${ORIGINAL}`));
    expect(gap.max).toBeLessThanOrEqual((bound?.max_abs ?? 0) + 1e-6);
    expect(gap.mean).toBeLessThanOrEqual((bound?.mean_abs ?? 0) * MEAN_TOLERANCE);
  });

  it('decodes the three 12-bit DCT processes to the same samples', async () => {
    const digests = await Promise.all(
      [
        '2_4TransferSyntax_1.2.840.10008.1.2.4.51',
        '6_8TransferSyntax_1.2.840.10008.1.2.4.53',
        '10_12TransferSyntax_1.2.840.10008.1.2.4.55',
      ].map(async (name) => digest(decodeFrame((await readSlice(`${FOLDER}/${DCT}${name}.dcm`)).encoded))),
    );
    expect(new Set(digests).size).toBe(1);
  });

  it('takes the sign from PixelRepresentation where a JPEG 2000 codestream says unsigned', async () => {
    const slice = await readSlice('pydicom/J2K_pixelrep_mismatch.dcm');
    expect(rangeOf(decodeFrame(slice.encoded))).toEqual([-2000, 1896]);
  });

  it.each([
    'pydicom/MR_small_RLE.dcm',
    'pydicom/MR_small_jp2klossless.dcm',
    'pydicom/MR_small_jpeg_ls_lossless.dcm',
    'pydicom/MR_small_bigendian.dcm',
    'pydicom/MR_small_implicit.dcm',
    'pydicom/MR_small_expb.dcm',
    'pydicom/MR_small_padded.dcm',
  ])('%s equals MR_small.dcm', async (path) => {
    const original = await readSlice('pydicom/MR_small.dcm');
    expect(Array.from(decodeFrame((await readSlice(path)).encoded))).toEqual(
      Array.from(decodeFrame(original.encoded)),
    );
  });

  it('assigns fragments without an offset table to the frames that they begin', async () => {
    const slices = parseSlices(
      await readSharedFile(`${FOLDER}/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm`),
    );
    const fragments = slices.map(({ encoded }) => encoded.parts.length);
    const ranges = slices.map(({ encoded }) => rangeOf(decodeFrame(encoded)));
    expect({ fragments, ranges }).toEqual({
      fragments: [6, 5],
      // The reference's range over both frames is 1010 to 2223.
      ranges: [
        [1011, 2223],
        [1010, 2197],
      ],
    });
  });

  it.each([
    { path: `${FOLDER}/TestPattern_RGB.dcm`, code: 'ColourImage' },
    { path: `${FOLDER}/TestPattern_Palette.dcm`, code: 'ColourImage' },
    { path: `${FOLDER}/TestPattern_JPEG-LS-Lossless.dcm`, code: 'ColourImage' },
    { path: 'pydicom/rtdose.dcm', code: 'UnsupportedImage' },
    { path: 'pydicom/liver_1frame.dcm', code: 'UnsupportedImage' },
    { path: 'pydicom/MR_truncated.dcm', code: 'TruncatedDicom' },
    { path: 'pydicom/SC_rgb_rle_2frame.dcm', code: 'ColourImage' },
    { path: 'pydicom/rtplan.dcm', code: 'MissingAttribute' },
  ])('refuses $path with $code', async ({ path, code }) => {
    expect(await codeOf(path)).toBe(code);
  });
});
