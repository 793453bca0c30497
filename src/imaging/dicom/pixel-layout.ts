import { PipelineError } from '../../contracts/errors.ts';
import { type DataSet, readUint16, requireUint16 } from './data-set.ts';
import { IMAGE } from './image-attributes.ts';
import type { PixelLayout } from './slice.ts';

/**
 * How the pixels of an image are packed.
 *
 * @throws MissingAttribute, UnsupportedImage for anything but 8, 16 or 32 bits per pixel.
 */
export function readPixelLayout(dataSet: DataSet): PixelLayout {
  const bitsAllocated = requireUint16(dataSet, IMAGE.bitsAllocated);
  const bitsStored = readUint16(dataSet, IMAGE.bitsStored) ?? bitsAllocated;
  const highBit = readUint16(dataSet, IMAGE.highBit) ?? bitsStored - 1;
  const rows = requireUint16(dataSet, IMAGE.rows);
  const columns = requireUint16(dataSet, IMAGE.columns);
  const packed =
    [8, 16, 32].includes(bitsAllocated) &&
    bitsStored >= 1 &&
    highBit < bitsAllocated &&
    highBit + 1 >= bitsStored;
  if (!packed || rows === 0 || columns === 0) {
    throw new PipelineError(
      'UnsupportedImage',
      `an image of ${rows} x ${columns} pixels with ${bitsStored} of ${bitsAllocated} bits (high bit ${highBit}) cannot be read; ` +
        'allowed are 8, 16 or 32 bits and at least one row and column: export the series again',
      { rows, columns, bitsAllocated, bitsStored, highBit },
    );
  }
  const signed = readUint16(dataSet, IMAGE.pixelRepresentation) === 1;
  return { rows, columns, bitsAllocated, bitsStored, highBit, signed };
}
