import { openRtstruct, type RtstructReader } from '../../imaging/contour/parse-rtstruct.ts';
import type { StructureSet } from '../../imaging/contour/structure-set.ts';
import { type PackedPoints, packPoints } from '../packed-points.ts';
import type { OpenJob } from '../worker-protocol.ts';

/** `null` for everything but the points, then the place of each ROI. */
type ParseRtstructTask = number | null;

export type ParsedRtstruct = { readonly outline: StructureSet } | { readonly points: PackedPoints };

/** Reads an RT Structure Set; its bytes and its points are in shared memory, so that no copy goes between threads. */
export const openParseRtstruct: OpenJob<
  { readonly bytes: Uint8Array },
  ParseRtstructTask,
  ParsedRtstruct
> = async ({ bytes }) => {
  let reader: RtstructReader | undefined;
  return (roi) => {
    reader ??= openRtstruct(bytes);
    return {
      value: roi === null ? { outline: reader.outline } : { points: packPoints(reader.contours(roi)) },
    };
  };
};
