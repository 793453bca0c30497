import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECKOUT } from '../../../local/machine/layout.ts';
import type { BenchContext, BenchRow, RowRun } from './bench-row.ts';
import { measureRun } from './measured-run.ts';
import { writeLargeSegmentation } from './segmentation-file.ts';

const CLI = join(CHECKOUT, 'bin/contourflow');
const SEGMENTS = 100;
const SLICES = 170;
const FRAME_BYTES = (512 * 512) / 8;

/** highdicom reading frames when they are needed; of overlapping segments the later one wins, as it does with us. */
const PEER = `
import sys
import highdicom, nibabel, numpy
source, target = sys.argv[1:3]
segmentation = highdicom.seg.segread(source, lazy_frame_retrieval=True)
volume = segmentation.get_volume(
    combine_segments=True, relabel=False, skip_overlap_checks=True, dtype=numpy.uint8)
nibabel.save(nibabel.Nifti1Image(volume.array, volume.get_affine('RAS')), target)
`;

/** 100 segments in 17,000 frames to one label map, beside highdicom; voxel for voxel the same. */
export async function segmentationRows({ peers, scratch, ctFolder }: BenchContext): Promise<BenchRow[]> {
  const file = join(scratch, 'segmentation.dcm');
  writeLargeSegmentation(file, { segments: SEGMENTS, slices: SLICES });
  const into = async (command: (out: string) => readonly string[]): Promise<RowRun> => {
    const folder = await mkdtemp(join(scratch, 'out-'));
    try {
      const out = join(folder, 'labels.nii.gz');
      const run = await measureRun(peers.python, command(out));
      return { ...run, outputBytes: (await stat(out)).size };
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  return [
    {
      work: `SEG, ${SEGMENTS} segments, ${SEGMENTS * SLICES} frames of 512 x 512`,
      peer: 'highdicom, lazy frames, combined segments',
      bar: { kind: 'ratio', limit: 0.2 },
      decodedBytes: SEGMENTS * SLICES * FRAME_BYTES,
      ours: () => into((out) => [CLI, 'mask', ctFolder, '--roi', file, '--out', out]),
      theirs: () => into((out) => [peers.python, '-c', PEER, file, out]),
    },
  ];
}
