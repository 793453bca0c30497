import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ByteSink } from '../../engine/byte-sink.ts';
import { openFileSink } from '../../engine/file-sink.ts';
import type { Packing } from '../../engine/gzip-member.ts';
import { packVolume } from '../../engine/pack-volume.ts';
import { writePieces } from '../../engine/write-pieces.ts';
import type { VolumeGeometry } from '../../imaging/geometry/volume-geometry.ts';
import type { Labels } from '../../imaging/mask/label-canvas.ts';

/** Writes a label map as `.nii.gz`, or as `.nii` when the path ends so; the file appears when it is complete. */
export async function writeLabels(
  path: string,
  geometry: VolumeGeometry,
  labels: Labels,
  softwareVersion: string,
): Promise<void> {
  const packing = labelPacking(path);
  const pieces = packVolume({ geometry, values: labels }, { packing, softwareVersion });
  await writePieces(pieces, await openLabelFile(path), { gzip: packing !== null });
}

/** Null for a file that is not packed. */
export function labelPacking(path: string): Packing | null {
  return path.toLowerCase().endsWith('.gz') ? 'runs' : null;
}

export async function openLabelFile(path: string): Promise<ByteSink> {
  await mkdir(dirname(path), { recursive: true });
  return openFileSink(path);
}
