import type { MaskBox } from '../mask/rasterise.ts';
import type { Membership } from './frame-pixels.ts';
import type { SegFrame } from './seg-object.ts';

/** A frame that may hold pixels of a segment. */
export interface SegmentFrame {
  readonly frame: SegFrame;
  /** The part of the frame that holds them all, when that is known. */
  readonly within?: MaskBox;
}

/** Where a segment's pixels are, and how they are told from others. */
export interface SegmentPixels {
  readonly member: Membership;
  readonly frames: readonly SegmentFrame[];
}
