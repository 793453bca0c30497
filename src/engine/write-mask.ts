import { buildMask } from '../imaging/mask/build-mask.ts';
import { labelType } from '../imaging/mask/label-canvas.ts';
import type { MaskFindings } from '../imaging/mask/mask-findings.ts';
import type { BuildMaskInput } from '../imaging/mask/mask-input.ts';
import { MaskSlices } from '../imaging/mask/mask-slices.ts';
import type { ByteSink } from './byte-sink.ts';
import { type PackVolumeOptions, packPlanes, packVolume } from './pack-volume.ts';
import { type Piece, writePieces } from './write-pieces.ts';

export interface WriteMaskOptions<Result> extends PackVolumeOptions {
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
 * Contours are drawn slice by slice, a few slices ahead of the threads that pack them: the volume is never in memory.
 *
 * @throws what `buildMask` throws
 */
export async function writeMask<Result>(
  input: BuildMaskInput,
  { openSink, onRegion, ...file }: WriteMaskOptions<Result>,
): Promise<WrittenMask<Result>> {
  const write = async (pieces: AsyncIterable<Piece>): Promise<Result> =>
    (await writePieces(pieces, await openSink(), { gzip: file.packing !== null })).result;
  if (input.regions.regions.some(({ prepare }) => prepare === undefined)) {
    const { labels, ...findings } = buildMask(input, onRegion);
    return {
      findings,
      result: await write(packVolume({ geometry: findings.geometry, values: labels }, file)),
    };
  }
  const mask = await MaskSlices.prepare(input, onRegion);
  const result = await write(packMask(mask, input, file));
  return { findings: mask.findings(), result };
}

async function* packMask(
  mask: MaskSlices,
  { target: { geometry } }: BuildMaskInput,
  options: PackVolumeOptions,
): AsyncGenerator<Piece> {
  const dataType = labelType(mask.values);
  yield* packPlanes(
    {
      geometry,
      dataType,
      fill: ({ buffer, byteOffset, byteLength }, { first, last }) => {
        const labels =
          dataType === 'uint8'
            ? new Uint8Array(buffer, byteOffset, byteLength)
            : new Uint16Array(buffer, byteOffset, byteLength / 2);
        mask.paint(labels, first, last);
      },
    },
    options,
  );
  // Overlaps that are not allowed: the file must not appear.
  mask.findings();
}
