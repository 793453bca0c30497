import { PipelineError } from '../../contracts/errors.ts';
import type { ImageContour } from '../contour/structure-set.ts';
import type { MaskTarget } from './mask-target.ts';
import { boundsOf } from './polygon.ts';

/**
 * Makes sure that a contour on an image of several frames lies on its frame. A viewer shows a mosaic as one picture, with
 * its tiles side by side, and calls that picture frame 1; taken as frame 1 of the volume, which is the first tile, the
 * contour would land on the wrong slice or beside it.
 *
 * @param frames - images of the volume that the named instance holds
 * @throws MalformedContour when its middle lies beside the frame
 */
export function requireOnFrame(
  { pointsPx, frame = 1 }: ImageContour,
  frames: number,
  { geometry: { sizeIjk } }: MaskTarget,
  place: string,
): void {
  if (frames < 2 || pointsPx.length === 0) return;
  const [columns, rows] = sizeIjk;
  const { minX, maxX, minY, maxY } = boundsOf(Float64Array.from(pointsPx));
  const [column, row] = [(minX + maxX) / 2, (minY + maxY) / 2];
  const beside = column < -0.5 || column > columns - 0.5 || row < -0.5 || row > rows - 0.5;
  if (!beside) return;
  throw new PipelineError(
    'MalformedContour',
    `${place} lies at column ${column.toFixed(0)}, row ${row.toFixed(0)} of frame ${frame}, which has ${columns} x ${rows} ` +
      'pixels: it was drawn on the picture of a mosaic; draw it on images of single slices, such as the converted series',
    { column, row, columns, rows, frames },
  );
}
