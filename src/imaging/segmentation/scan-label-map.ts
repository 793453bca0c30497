import type { SegmentFrame } from './frame-pixels.ts';
import { frameValues } from './frame-pixels.ts';
import { malformedSeg } from './malformed-seg.ts';
import type { SegFrame, SegObject } from './seg-object.ts';

interface MutableBox {
  minColumn: number;
  maxColumn: number;
  minRow: number;
  maxRow: number;
}

/**
 * Looks through a label map once and notes where each segment is, so that drawing one segment reads its part only.
 *
 * @returns frames by segment number; values of the background are left out.
 * @throws MalformedSeg when a pixel holds a value that is no segment's number
 */
export function scanLabelMap(seg: SegObject): Map<number, SegmentFrame[]> {
  const found = new Map<number, SegmentFrame[]>(seg.segments.map(({ number }) => [number, []]));
  const background = new Set([0, ...(seg.paddingValue === undefined ? [] : [seg.paddingValue])]);
  for (const { number, background: isBackground } of seg.segments) {
    if (isBackground) background.add(number);
    else background.delete(number);
  }
  for (const frame of seg.frames) {
    for (const [value, box] of scanFrame(seg, frame)) {
      if (background.has(value)) continue;
      const frames = found.get(value);
      if (frames === undefined) {
        throw malformedSeg(
          `frame ${frame.index + 1} holds the value ${value}, which is the number of no segment`,
          { frame: frame.index + 1, value },
        );
      }
      frames.push({ frame, within: box });
    }
  }
  return found;
}

/** Box of each value; pixels of one value come in runs, which are looked up once. */
function scanFrame({ pixels }: SegObject, { part, index }: SegFrame): Map<number, MutableBox> {
  const place = pixels[part] as SegObject['pixels'][number];
  const { rows, columns } = place.format;
  const values = frameValues(place, index);
  const boxes = new Map<number, MutableBox>();
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let column = 0;
    while (column < columns) {
      const value = values[start + column] as number;
      const from = column;
      while (column < columns && values[start + column] === value) column++;
      widen(boxes, value, { from, to: column - 1, row });
    }
  }
  return boxes;
}

function widen(
  boxes: Map<number, MutableBox>,
  value: number,
  { from, to, row }: { readonly from: number; readonly to: number; readonly row: number },
): void {
  const box = boxes.get(value);
  if (box === undefined) {
    boxes.set(value, { minColumn: from, maxColumn: to, minRow: row, maxRow: row });
    return;
  }
  if (from < box.minColumn) box.minColumn = from;
  if (to > box.maxColumn) box.maxColumn = to;
  box.maxRow = row;
}
