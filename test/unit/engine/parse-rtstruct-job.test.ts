import { describe, expect, it } from '@jest/globals';
import { runJob } from '../../../src/engine/run-job.ts';
import { parseRtstruct } from '../../../src/imaging/contour/parse-rtstruct.ts';
import { rtStruct } from '../../helpers/dicom-writer.ts';
import { codeOf } from './code-of.ts';

const SQUARE = [0, 0, 5, 10, 0, 5, 10, 10, 5, 0, 10, 5];
const FILE = rtStruct({
  rois: [
    { number: 1, name: 'Liver', contours: [{ points: SQUARE }, { points: SQUARE.map((mm) => mm / 3) }] },
    { number: 2, name: 'Spleen', contours: [{ points: SQUARE.map((mm) => mm + 0.1) }] },
  ],
});

async function read(bytes: Uint8Array, workers: number) {
  const [set] = await Array.fromAsync(runJob('parse-rtstruct', null, [bytes], { workers }));
  return set;
}

describe('the job parse-rtstruct', () => {
  it.each([0, 1])('reads what parseRtstruct reads, with %i threads', async (workers) => {
    expect(await read(FILE, workers)).toEqual(parseRtstruct(FILE));
  });

  it('hands over points in one piece of shared memory', async () => {
    const set = await read(FILE, 1);
    const buffers = set?.rois.flatMap(({ contours }) =>
      contours.map((contour) => ('pointsLps' in contour ? contour.pointsLps.buffer : undefined)),
    );
    // Of the realm outside the test, so no instance of the test's own SharedArrayBuffer.
    expect(buffers?.map((buffer) => Object.prototype.toString.call(buffer))).toEqual(
      Array(3).fill('[object SharedArrayBuffer]'),
    );
    expect(set?.rois[0]?.contours[1]).toMatchObject({ pointsLps: Float64Array.from(SQUARE, (mm) => mm / 3) });
  });

  it.each([0, 1])('refuses a damaged file with its code, with %i threads', async (workers) => {
    expect(await codeOf(read(FILE.subarray(0, FILE.length - 20), workers))).toBe('TruncatedDicom');
  });
});
