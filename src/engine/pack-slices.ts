import type { VolumeGeometry } from '../imaging/geometry/volume-geometry.ts';
import type { LabelRuns } from '../imaging/mask/label-runs.ts';
import { encodeHeader } from '../imaging/nifti/encode-nifti.ts';
import { packPiece } from './pack-piece.ts';
import type { PackVolumeOptions } from './pack-volume.ts';
import { planPieces } from './plan-pieces.ts';
import { RunsDeflater } from './runs/deflate-runs.ts';
import type { Piece } from './write-pieces.ts';

/** A label map whose slices are drawn when their turn comes, each once. */
export interface LabelSlices {
  readonly geometry: VolumeGeometry;
  readonly dataType: 'uint8' | 'uint16';
  /** Labels of slice k, valid until the next one is asked for. */
  readonly draw: (k: number) => LabelRuns;
}

export interface PackSlicesOptions extends PackVolumeOptions {
  readonly packing: 'runs' | null;
}

/** The pieces of a label map's NIfTI file, from runs: what is packed was never a voxel in memory. */
export function* packSlices(
  slices: LabelSlices,
  { packing, softwareVersion }: PackSlicesOptions,
): Generator<Piece> {
  const header = encodeHeader(slices.geometry, slices.dataType, { softwareVersion });
  yield packPiece(header, packing, false).value;
  yield* packing === null ? expand(slices) : deflate(slices, slices.dataType === 'uint8' ? 1 : 2);
}

function* deflate({ geometry, draw }: LabelSlices, bytesPerValue: 1 | 2): Generator<Piece> {
  const deflater = new RunsDeflater(bytesPerValue);
  for (const { first, last } of planPieces(geometry, bytesPerValue)) {
    for (let k = first; k < last; k++) deflater.add(draw(k));
    yield deflater.take(last === geometry.sizeIjk[2]);
  }
}

function* expand({ geometry, dataType, draw }: LabelSlices): Generator<Piece> {
  const [columns, rows, slices] = geometry.sizeIjk;
  const labels = new (dataType === 'uint8' ? Uint8Array : Uint16Array)(columns * rows);
  for (let k = 0; k < slices; k++) {
    draw(k).expand(labels);
    yield packPiece(new Uint8Array(labels.buffer), null, k === slices - 1).value;
  }
}
