import type { Acquisition } from './acquisition.ts';
import type { OrganName } from './anatomy.ts';
import type { HoleStyle } from './draw-structures.ts';
import type { PixelStorage } from './write-ct.ts';

/** What the phantom really is, on the grid of its scan: i fastest, then j, then k along the slice normal. */
export interface PhantomTruth {
  readonly grid: Acquisition;
  readonly hounsfield: Int16Array;
  /** 0 background, 1 Liver, 2 Spleen, 3 Kidney at voxel centres. */
  readonly labels: Uint8Array;
  readonly voxels: Readonly<Record<OrganName, number>>;
  readonly sopInstanceUids: readonly string[];
  readonly holes: HoleStyle;
  readonly storage: PixelStorage;
}
