import { labelType } from '../imaging/mask/label-type.ts';
import type { MaskFindings } from '../imaging/mask/mask-findings.ts';
import type { BuildMaskInput } from '../imaging/mask/mask-input.ts';
import { MaskSlices } from '../imaging/mask/mask-slices.ts';
import { imageBytes } from '../imaging/nifti/encode-nifti.ts';
import { dataTypeOf, type NiftiDataType } from '../imaging/nifti/nifti-header.ts';
import type { ByteSink } from './byte-sink.ts';
import { type PackSlicesOptions, packSlices } from './pack-slices.ts';
import { type Piece, writePieces } from './write-pieces.ts';

export interface WriteMaskOptions<Result> extends PackSlicesOptions {
  /** Opened when nothing is left to be refused but overlaps. */
  readonly openSink: () => Promise<ByteSink<Result>>;
  /** Called after each region that is drawn, or ready to be. */
  readonly onRegion?: () => void;
}

export interface WrittenMask<Result> {
  readonly findings: MaskFindings;
  /** What the sink made of it. */
  readonly result: Result;
}

/**
 * Draws a mask as `buildMask` does and writes it as one label map; what was refused leaves nothing behind.
 *
 * Contours are drawn and packed slice by slice, as runs of labels; regions of voxels are drawn into a volume first.
 *
 * @throws what `buildMask` throws
 */
export async function writeMask<Result>(
  input: BuildMaskInput,
  { openSink, onRegion, ...file }: WriteMaskOptions<Result>,
): Promise<WrittenMask<Result>> {
  const write = async (
    pieces: AsyncIterable<Piece> | Iterable<Piece>,
    dataType: NiftiDataType,
  ): Promise<Result> => {
    const contentBytes = imageBytes(input.target.geometry, dataType);
    return (await writePieces(pieces, await openSink(), { gzip: file.packing !== null, contentBytes }))
      .result;
  };
  if (input.regions.regions.some(({ prepare }) => prepare === undefined)) {
    // Loaded when they are needed: starting takes as long as drawing an organ or two.
    const { buildMask } = await import('../imaging/mask/build-mask.ts');
    const { packVolume } = await import('./pack-volume.ts');
    const { labels, ...findings } = buildMask(input, onRegion);
    const volume = { geometry: findings.geometry, values: labels };
    return { findings, result: await write(packVolume(volume, file), dataTypeOf(labels)) };
  }
  const mask = new MaskSlices(input, onRegion);
  const result = await write(packMask(mask, input, file), labelType(mask.values));
  return { findings: mask.findings(), result };
}

function* packMask(
  mask: MaskSlices,
  { target: { geometry } }: BuildMaskInput,
  options: PackSlicesOptions,
): Generator<Piece> {
  yield* packSlices({ geometry, dataType: labelType(mask.values), draw: (k) => mask.draw(k) }, options);
  // Overlaps that are not allowed: the file must not appear.
  mask.findings();
}
