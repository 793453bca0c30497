import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { cornerDistanceMm } from '../../src/imaging/geometry/volume-geometry.ts';
import { renderVolume } from '../../src/imaging/series/image-volume.ts';
import { canonicalGeometry } from '../helpers/imaging-canonical.ts';
import { ACQUISITIONS, type Acquisition, acquisitionNamed, asEnhanced } from '../truth/acquisition.ts';
import { planOf } from '../truth/draw.ts';
import { largestIntensityError } from '../truth/sample.ts';
import { writeClassic, writeEnhanced } from '../truth/write-images.ts';
import { type PeerPrograms, peerPrograms } from './peer-programs.ts';
import {
  atOurVoxels,
  inScratchFolder,
  largestDifference,
  type PeerVolume,
  readVolume,
  runPeer,
  writeFiles,
} from './run-peer.ts';

let programs: PeerPrograms;
beforeAll(async () => {
  programs = await peerPrograms();
});

/** Every volume that dcm2niix writes for a series, by its file name. */
function convert(files: readonly Uint8Array[]): Promise<Map<string, PeerVolume>> {
  return inScratchFolder(async (folder) => {
    const [images, out] = [join(folder, 'in'), join(folder, 'out')];
    await Promise.all([mkdir(images), mkdir(out)]);
    await writeFiles(images, files);
    await runPeer(programs.dcm2niix, ['-z', 'n', '-b', 'n', '-f', 'v', '-o', out, images]);
    const names = (await readdir(out)).toSorted();
    const volumes = await Promise.all(names.map((name) => readVolume(join(out, name))));
    return new Map(names.map((name, index) => [name, volumes[index] as PeerVolume]));
  });
}

async function compare(files: readonly Uint8Array[]): Promise<{ corners: number; voxels: number }> {
  const ours = renderVolume(planOf(files));
  const theirs = (await convert(files)).get('v.nii') as PeerVolume;
  return {
    corners: cornerDistanceMm(canonicalGeometry(ours.geometry), canonicalGeometry(theirs.geometry)),
    voxels: largestDifference(ours.values, atOurVoxels(ours.geometry, theirs)),
  };
}

const REGULAR = ACQUISITIONS.filter(({ irregular }) => !irregular);

describe('dcm2niix', () => {
  it.each(REGULAR)('$name: the same grid and voxels', async (acquisition) => {
    const { corners, voxels } = await compare(writeClassic(acquisition));
    expect(corners).toBeLessThan(0.01);
    expect(voxels).toBe(0);
  });

  it.each(['axial', 'oblique', 'coronal'])('%s as an enhanced object: the same', async (name) => {
    const { corners, voxels } = await compare([writeEnhanced(asEnhanced(acquisitionNamed(name)))]);
    expect(corners).toBeLessThan(0.01);
    expect(voxels).toBe(0);
  });

  it.each(['1.2.840.10008.1.2', '1.2.840.10008.1.2.2'])('transfer syntax %s: the same', async (syntax) => {
    const { corners, voxels } = await compare(writeClassic(acquisitionNamed('anisotropic'), syntax));
    expect(corners).toBeLessThan(0.01);
    expect(voxels).toBe(0);
  });

  it('fails on a deflated series, which we read', async () => {
    const files = writeClassic(acquisitionNamed('anisotropic'), '1.2.840.10008.1.2.1.99');
    expect(renderVolume(planOf(files)).values.length).toBeGreaterThan(0);
    await expect(convert(files)).rejects.toThrow('Command failed');
  });

  it('tilted: its first file is a sheared stack without a shear, its second is off by up to a row', async () => {
    const acquisition = acquisitionNamed('tilted');
    const theirs = await convert(writeClassic(acquisition));
    const errors = [...theirs].map(([name, volume]) => [name, imageError(acquisition, volume)] as const);
    expect(errors.map(([name]) => name)).toEqual(['v.nii', 'v_Tilt_1.nii']);
    expect(errors[0]?.[1]).toBeGreaterThan(10);
    // A row is worth 3; our own planes are within rounding.
    expect(errors[1]?.[1]).toBeGreaterThan(2);
    expect(errors[1]?.[1]).toBeLessThan(4);
  });

  it('uneven: its first file stacks slices as if they were even; its second is resampled as ours is', async () => {
    const acquisition = acquisitionNamed('uneven');
    const theirs = await convert(writeClassic(acquisition));
    const errors = [...theirs].map(([name, volume]) => [name, imageError(acquisition, volume)] as const);
    expect(errors.map(([name]) => name)).toEqual(['v.nii', 'v_Eq_1.nii']);
    expect(errors[0]?.[1]).toBeGreaterThan(50);
    expect(errors[1]?.[1]).toBeLessThan(1.5);
  });
});

/** Error of an image over the middle of the field, where every method has data. */
function imageError(acquisition: Acquisition, volume: PeerVolume): number {
  return largestIntensityError(acquisition, volume, (value) => Math.abs(value) < 150);
}
