import { parseRtstruct } from '../../imaging/contour/parse-rtstruct.ts';
import type { StructureSet } from '../../imaging/contour/structure-set.ts';
import type { OpenJob } from '../worker-protocol.ts';

/** Reads an RT Structure Set; its bytes and its points are in shared memory, so that no copy goes between threads. */
export const openParseRtstruct: OpenJob<null, Uint8Array, StructureSet> = async () => (bytes) => ({
  value: parseRtstruct(bytes),
});
