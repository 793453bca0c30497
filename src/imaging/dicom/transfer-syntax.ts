import { PipelineError } from '../../contracts/errors.ts';

const NAMES: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2': 'Implicit VR Little Endian',
  '1.2.840.10008.1.2.1': 'Explicit VR Little Endian',
  '1.2.840.10008.1.2.1.99': 'Deflated Explicit VR Little Endian',
  '1.2.840.10008.1.2.2': 'Explicit VR Big Endian',
  '1.2.840.10008.1.2.4.50': 'JPEG Baseline (Process 1)',
  '1.2.840.10008.1.2.4.51': 'JPEG Extended (Processes 2 and 4)',
  '1.2.840.10008.1.2.4.57': 'JPEG Lossless (Process 14)',
  '1.2.840.10008.1.2.4.70': 'JPEG Lossless (Process 14, Selection Value 1)',
  '1.2.840.10008.1.2.4.80': 'JPEG-LS Lossless',
  '1.2.840.10008.1.2.4.81': 'JPEG-LS Near-lossless',
  '1.2.840.10008.1.2.4.90': 'JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.91': 'JPEG 2000',
  '1.2.840.10008.1.2.4.201': 'High-Throughput JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.202': 'High-Throughput JPEG 2000 RPCL Lossless',
  '1.2.840.10008.1.2.4.203': 'High-Throughput JPEG 2000',
  '1.2.840.10008.1.2.5': 'RLE Lossless',
};

export const RLE_LOSSLESS = '1.2.840.10008.1.2.5';

/** Syntaxes whose pixels we read; every other one is refused by name. */
const READABLE = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', RLE_LOSSLESS];

function transferSyntaxName(uid: string): string {
  return NAMES[uid] ?? 'unknown transfer syntax';
}

/** @throws UnsupportedTransferSyntax unless the data set and its pixels can be read. */
export function requireReadableSyntax(uid: string): void {
  if (READABLE.includes(uid)) return;
  const readable = READABLE.map((allowed) => transferSyntaxName(allowed)).join(', ');
  throw new PipelineError(
    'UnsupportedTransferSyntax',
    `transfer syntax ${transferSyntaxName(uid)} (${uid}) cannot be read; readable are ${readable}: ` +
      'export the series uncompressed',
    { transferSyntaxUid: uid, readable: READABLE },
  );
}
