import { prepareCodecs } from '../imaging/dicom/codecs/prepare-codecs.ts';
import type { Slice } from '../imaging/dicom/slice.ts';

/** Loads on this thread the decoders that the slices need. */
export function readyCodecs(slices: readonly Slice[]): Promise<void> {
  return prepareCodecs(new Set(slices.map(({ encoded }) => encoded.transferSyntaxUid)));
}
