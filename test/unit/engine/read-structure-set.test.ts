import { describe, expect, it } from '@jest/globals';
import { readStructureSet } from '../../../src/engine/read-structure-set.ts';
import { parseRtstruct } from '../../../src/imaging/contour/parse-rtstruct.ts';
import type { StructureSet } from '../../../src/imaging/contour/structure-set.ts';
import { rtStruct } from '../../helpers/dicom-writer.ts';
import { codeOf } from './code-of.ts';

const SQUARE = [0, 0, 5, 10, 0, 5, 10, 10, 5, 0, 10, 5];
const moved = (mm: number) => [{ points: SQUARE.map((value) => value + mm) }];
const FILE = shared(
  rtStruct({
    rois: [
      { number: 1, name: 'Liver', contours: [{ points: SQUARE }, { points: SQUARE.map((mm) => mm / 3) }] },
      { number: 2, name: 'Nothing', contours: [] },
      ...[3, 4, 5, 6, 7, 8].map((number) => ({
        number,
        name: `Node ${number}`,
        contours: moved(number / 10),
      })),
    ],
  }),
);
const DAMAGED_REGION = shared(
  rtStruct({
    rois: [
      { number: 1, name: 'Liver', contours: moved(0) },
      { number: 2, name: 'Spleen', contours: [{ points: SQUARE.slice(0, 11) }] },
      { number: 3, name: 'Kidney', contours: moved(1) },
    ],
  }),
);

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** Without the kind of memory that the points are in, which the comparison would look at. */
function plain({ rois, ...rest }: StructureSet) {
  return {
    ...rest,
    rois: rois.map(({ contours, ...roi }) => ({
      ...roi,
      contours: contours.map((contour) => ({
        ...contour,
        ...('pointsLps' in contour ? { pointsLps: Array.from(contour.pointsLps) } : {}),
      })),
    })),
  };
}

describe.each([0, 1] as const)('a structure set that arrives, read with %i threads', (workers) => {
  it('is what parseRtstruct reads', async () => {
    const { structureSet, complete } = await readStructureSet(FILE, workers);
    await complete;
    expect(plain(structureSet)).toEqual(plain(parseRtstruct(FILE)));
  });

  it('names its regions, their contours and images first; each region has its points when it is ready', async () => {
    const { structureSet, ready, complete } = await readStructureSet(FILE, workers);
    expect(structureSet.rois.map(({ name, contours }) => [name, contours.length])).toEqual(
      parseRtstruct(FILE).rois.map(({ name, contours }) => [name, contours.length]),
    );
    await ready(4);
    const points = structureSet.rois
      .slice(0, 5)
      .flatMap(({ contours }) =>
        contours.map((contour) => 'pointsLps' in contour && contour.pointsLps.length),
      );
    expect(points).toEqual([12, 12, 12, 12, 12]);
    await complete;
  });

  it('hands over points in shared memory', async () => {
    const { structureSet, complete } = await readStructureSet(FILE, workers);
    await complete;
    const [contour] = structureSet.rois[0]?.contours ?? [];
    // Of the realm outside the test, so no instance of the test's own SharedArrayBuffer.
    const { buffer } = contour !== undefined && 'pointsLps' in contour ? contour.pointsLps : FILE;
    expect(Object.prototype.toString.call(buffer)).toBe('[object SharedArrayBuffer]');
    expect(buffer).not.toBe(FILE.buffer);
  });

  it('refuses a damaged file with its code', async () => {
    expect(await codeOf(readStructureSet(shared(FILE.slice(0, FILE.length - 20)), workers))).toBe(
      'TruncatedDicom',
    );
  });

  it('has the regions before one that cannot be read, and says what is wrong with it to all who wait', async () => {
    const { ready, complete } = await readStructureSet(DAMAGED_REGION, workers);
    await ready(0);
    expect(await codeOf(ready(1))).toBe('MalformedContour');
    expect(await codeOf(ready(2))).toBe('MalformedContour');
    expect(await codeOf(complete)).toBe('MalformedContour');
  });
});
