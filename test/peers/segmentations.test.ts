import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { MaskTarget } from '../../src/imaging/mask/mask-target.ts';
import { memoryRanges } from '../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../src/imaging/segmentation/parse-seg.ts';
import { type Acquisition, acquisitionNamed, asEnhanced } from '../truth/acquisition.ts';
import { drawRegions, planOf, targetOf } from '../truth/draw.ts';
import { shapesOf } from '../truth/shapes.ts';
import { writeClassic, writeEnhanced } from '../truth/write-images.ts';
import { packed, writeSegmentation } from '../truth/write-segmentation.ts';
import { type PeerPrograms, peerPrograms } from './peer-programs.ts';
import { atOurVoxels, differingVoxels, inScratchFolder, readVolume, runPeer, runScript } from './run-peer.ts';

let programs: PeerPrograms;
beforeAll(async () => {
  programs = await peerPrograms();
});

interface Drawn {
  readonly file: Uint8Array;
  readonly target: MaskTarget;
  /** By segment number, from 1. */
  readonly ours: readonly Uint8Array[];
}

function draw(acquisition: Acquisition, images: readonly Uint8Array[]): Drawn {
  const target = targetOf(planOf(images));
  const file = writeSegmentation(acquisition, shapesOf(acquisition));
  return { file, target, ours: [...drawRegions(parseSeg(memoryRanges(file)), target).values()] };
}

/** highdicom's voxels on the slices of the target in their order, packed as hexadecimal text. */
async function readByHighdicom({ file, target }: Drawn): Promise<Record<string, string>> {
  return inScratchFolder(async (folder) => {
    const path = join(folder, 'seg.dcm');
    await writeFile(path, file);
    const slices = target.slices.toSorted((a, b) => a.k - b.k);
    const uids = slices.map(({ sopInstanceUid }) => sopInstanceUid).join(',');
    const frames = slices.map(({ frame }) => frame).join(',');
    return (await runScript(programs.python, 'read_segments.py', [path, uids, frames])) as Record<
      string,
      string
    >;
  });
}

const SERIES = ['axial', 'anisotropic', 'oblique'].map((name) => acquisitionNamed(name));

describe('highdicom', () => {
  it.each(SERIES)('$name: every segment has the same voxels', async (acquisition) => {
    const drawn = draw(acquisition, writeClassic(acquisition));
    const theirs = await readByHighdicom(drawn);
    const ours = drawn.ours.map((bits) => Buffer.from(packed([bits])).toString('hex'));
    expect(Object.values(theirs).map((text) => text.length)).toEqual(ours.map((text) => text.length));
    expect(ours.filter((text, index) => text !== theirs[String(index + 1)])).toEqual([]);
  });

  it('finds the frames of an enhanced object as we do', async () => {
    const acquisition = asEnhanced(acquisitionNamed('oblique'));
    const drawn = draw(acquisition, [writeEnhanced(acquisition)]);
    const theirs = await readByHighdicom(drawn);
    const ours = drawn.ours.map((bits) => Buffer.from(packed([bits])).toString('hex'));
    expect(ours.filter((text, index) => text !== theirs[String(index + 1)])).toEqual([]);
  });
});

describe('dcmqi', () => {
  it.each(SERIES)('$name: every segment has the same voxels, placed by its affine', async (acquisition) => {
    const { file, target, ours } = draw(acquisition, writeClassic(acquisition));
    const differing = await inScratchFolder(async (folder) => {
      const [path, out] = [join(folder, 'seg.dcm'), join(folder, 'out')];
      await Promise.all([writeFile(path, file), mkdir(out)]);
      const args = ['--inputDICOM', path, '--outputDirectory', out, '--outputType', 'nii'];
      await runPeer(programs.segimage2itkimage, args);
      return Promise.all(
        ours.map(async (bits, index) => {
          const theirs = await readVolume(join(out, `${index + 1}.nii.gz`));
          return differingVoxels(bits, atOurVoxels(target.geometry, theirs));
        }),
      );
    });
    expect(differing).toEqual(ours.map(() => 0));
  });
});
