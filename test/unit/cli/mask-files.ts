/** Small series and files of regions in folders of their own, for the tests of `contourflow mask`. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { ctSlice, rtStruct, TEST_SERIES_UID, type TestContour } from '../../helpers/dicom-writer.ts';
import { runCli } from './run-cli.ts';

export const [COLUMNS, ROWS, SLICES] = [24, 20, 6];
const root = mkdtempSync(join(tmpdir(), 'contourflow-mask-'));
let folders = 0;

export function newFolder(files: Readonly<Record<string, Uint8Array | string>> = {}): string {
  folders += 1;
  const folder = join(root, String(folders));
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

export function sliceFile(k: number, changes: Partial<Parameters<typeof ctSlice>[0]> = {}): Uint8Array {
  return ctSlice({
    columns: COLUMNS,
    rows: ROWS,
    pixels: new Array(COLUMNS * ROWS).fill(k),
    position: [0, 0, 2 * k],
    sopInstanceUid: `${TEST_SERIES_UID}.${k + 1}`,
    ...changes,
  });
}

export function seriesFolder(changes: Partial<Parameters<typeof ctSlice>[0]> = {}): string {
  const files = Array.from({ length: SLICES }, (_, k) => [`${k}.dcm`, sliceFile(k, changes)] as const);
  return newFolder({ ...Object.fromEntries(files), 'notes.txt': 'not DICOM' });
}

/** A rectangle of whole voxels on one slice, columns and rows inclusive. */
export function rectangle(
  k: number,
  from: readonly [number, number],
  to: readonly [number, number],
): TestContour {
  const [left, top, right, bottom] = [from[0] - 0.5, from[1] - 0.5, to[0] + 0.5, to[1] + 0.5];
  const corners = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
  return {
    points: corners.flatMap(([x, y]) => [x as number, y as number, 2 * k]),
    sopInstanceUid: `${TEST_SERIES_UID}.${k + 1}`,
  };
}

export const LIVER = {
  number: 4,
  name: 'Liver',
  contours: [rectangle(1, [2, 3], [11, 8]), rectangle(2, [2, 3], [11, 8])],
};
export const TUMOUR = { number: 9, name: 'Tumour/1', contours: [rectangle(2, [10, 3], [13, 6])] };

export function roiFile(
  rois: readonly Parameters<typeof rtStruct>[0]['rois'][number][] = [LIVER, TUMOUR],
): string {
  return join(newFolder({ 'rt.dcm': rtStruct({ rois: [...rois] }) }), 'rt.dcm');
}

export function read(path: string) {
  const bytes = readFileSync(path);
  return decodeNifti(path.toLowerCase().endsWith('.gz') ? gunzipSync(bytes) : bytes);
}

export function countOf(values: ArrayLike<number>, value: number): number {
  return Array.from(values).filter((one) => one === value).length;
}

export async function mask(folder: string, roi: string, ...more: readonly string[]) {
  const out = join(newFolder(), 'labels.nii.gz');
  const result = await runCli(['mask', folder, '--roi', roi, '--out', out, ...more, '--json']);
  return { ...result, path: out, report: result.out === '' ? undefined : JSON.parse(result.out) };
}

export async function convert(folder: string, ...more: readonly string[]) {
  const out = newFolder();
  const result = await runCli(['convert', folder, '--out', out, ...more, '--json']);
  return { code: result.code, series: JSON.parse(result.out).series, out };
}
