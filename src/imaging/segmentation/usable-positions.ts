import type { SegFrame, SourceImage } from './seg-object.ts';

/**
 * Whether the positions of frames can be believed.
 *
 * Viewers write one and the same position into every frame when the images have none (ultrasound).
 */
export function positionsTellFramesApart(frames: readonly SegFrame[]): boolean {
  const positions = new Set(frames.map(({ positionLps }) => positionLps?.join(' ')));
  if (positions.size !== 1) return true;
  const images = new Set(
    frames.flatMap(({ sources: [first] }) => (first === undefined ? [] : [imageKey(first)])),
  );
  const allNamed = frames.every(({ sources }) => sources.length > 0);
  return !allNamed || images.size <= 1;
}

function imageKey({ sopInstanceUid, frame = 1 }: SourceImage): string {
  return `${sopInstanceUid} ${frame}`;
}
