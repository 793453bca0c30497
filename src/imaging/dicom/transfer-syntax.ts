import { PipelineError } from '../../contracts/errors.ts';
import type { ElementEncoding } from './data-elements.ts';

/** Families of pixel compression; each has one module in `codecs/`. */
export type CodecFamily = 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k' | 'deflated-frame';

export interface TransferSyntax {
  readonly name: string;
  readonly encoding: ElementEncoding;
  /** The whole data set is one deflate stream. */
  readonly deflated: boolean;
  /** Absent when pixels are stored as they are. */
  readonly codec?: CodecFamily;
}

const EXPLICIT_LITTLE: ElementEncoding = { explicitVr: true, littleEndian: true };

function plain(name: string, encoding = EXPLICIT_LITTLE, deflated = false): TransferSyntax {
  return { name, encoding, deflated };
}

function compressed(codec: CodecFamily, name: string): TransferSyntax {
  return { name, encoding: EXPLICIT_LITTLE, deflated: false, codec };
}

export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

/** PS3.6 Annex A, with the retired JPEG processes that old archives still hold. */
const SYNTAXES: Readonly<Record<string, TransferSyntax>> = {
  [IMPLICIT_LITTLE_ENDIAN]: plain('Implicit VR Little Endian', { explicitVr: false, littleEndian: true }),
  [EXPLICIT_LITTLE_ENDIAN]: plain('Explicit VR Little Endian'),
  '1.2.840.10008.1.2.1.99': plain('Deflated Explicit VR Little Endian', EXPLICIT_LITTLE, true),
  '1.2.840.10008.1.2.2': plain('Explicit VR Big Endian', { explicitVr: true, littleEndian: false }),
  '1.2.840.10008.1.2.4.50': compressed('jpeg', 'JPEG Baseline (Process 1)'),
  '1.2.840.10008.1.2.4.51': compressed('jpeg', 'JPEG Extended (Processes 2 and 4)'),
  '1.2.840.10008.1.2.4.53': compressed('jpeg', 'JPEG Spectral Selection (Processes 6 and 8)'),
  '1.2.840.10008.1.2.4.55': compressed('jpeg', 'JPEG Full Progression (Processes 10 and 12)'),
  '1.2.840.10008.1.2.4.57': compressed('jpeg', 'JPEG Lossless (Process 14)'),
  '1.2.840.10008.1.2.4.70': compressed('jpeg', 'JPEG Lossless (Process 14, Selection Value 1)'),
  '1.2.840.10008.1.2.4.80': compressed('jpeg-ls', 'JPEG-LS Lossless'),
  '1.2.840.10008.1.2.4.81': compressed('jpeg-ls', 'JPEG-LS Near-lossless'),
  '1.2.840.10008.1.2.4.90': compressed('jpeg-2000', 'JPEG 2000 Lossless'),
  '1.2.840.10008.1.2.4.91': compressed('jpeg-2000', 'JPEG 2000'),
  '1.2.840.10008.1.2.4.201': compressed('htj2k', 'High-Throughput JPEG 2000 Lossless'),
  '1.2.840.10008.1.2.4.202': compressed('htj2k', 'High-Throughput JPEG 2000 RPCL Lossless'),
  '1.2.840.10008.1.2.4.203': compressed('htj2k', 'High-Throughput JPEG 2000'),
  '1.2.840.10008.1.2.5': compressed('rle', 'RLE Lossless'),
  '1.2.840.10008.1.2.8.1': compressed('deflated-frame', 'Deflated Image Frame Compression'),
};

/** @throws UnsupportedTransferSyntax unless the data set and its pixels can be read. */
export function requireTransferSyntax(uid: string): TransferSyntax {
  if (Object.hasOwn(SYNTAXES, uid)) return SYNTAXES[uid] as TransferSyntax;
  throw new PipelineError(
    'UnsupportedTransferSyntax',
    `transfer syntax "${uid.slice(0, 64)}" cannot be read; readable are ${Object.values(SYNTAXES)
      .map(({ name }) => name)
      .join(', ')}: export the series uncompressed`,
    { transferSyntaxUid: uid.slice(0, 64), readable: Object.keys(SYNTAXES) },
  );
}
