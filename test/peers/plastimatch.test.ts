import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseRtstruct } from '../../src/imaging/contour/parse-rtstruct.ts';
import type { VolumeGeometry } from '../../src/imaging/geometry/volume-geometry.ts';
import { contourRegions } from '../../src/imaging/mask/contour-regions.ts';
import { acquisitionNamed } from '../truth/acquisition.ts';
import { drawRegions, planOf, targetOf } from '../truth/draw.ts';
import { shapesOf } from '../truth/shapes.ts';
import { writeClassic } from '../truth/write-images.ts';
import { writeRtstruct } from '../truth/write-regions.ts';
import { type PeerPrograms, peerPrograms } from './peer-programs.ts';
import {
  atOurVoxels,
  differingVoxels,
  inScratchFolder,
  readVolume,
  runPeer,
  writeFiles,
} from './run-peer.ts';

let programs: PeerPrograms;
beforeAll(async () => {
  programs = await peerPrograms();
});

/** plastimatch's mask of every region it writes, on our grid. */
function rasterise(
  grid: VolumeGeometry,
  images: readonly Uint8Array[],
  structureSet: Uint8Array,
  mode: readonly string[],
): Promise<ReadonlyMap<string, Float64Array>> {
  return inScratchFolder(async (folder) => {
    const [ct, out, file] = [join(folder, 'ct'), join(folder, 'out'), join(folder, 'rt.dcm')];
    await mkdir(ct);
    await Promise.all([writeFiles(ct, images), writeFile(file, structureSet)]);
    const args = ['convert', '--input', file, '--referenced-ct', ct, ...mode];
    await runPeer(programs.plastimatch, [...args, '--output-prefix', out, '--prefix-format', 'nii']);
    const names = await readdir(out);
    const masks = await Promise.all(names.map((name) => readVolume(join(out, name))));
    return new Map(
      names.map((name, at) => [name.replace('.nii', ''), atOurVoxels(grid, masks[at] as never)]),
    );
  });
}

/** Voxels in which we differ from plastimatch, for each region. */
async function compare(name: string, mode: readonly string[]): Promise<Record<string, number | 'no output'>> {
  const acquisition = acquisitionNamed(name);
  const images = writeClassic(acquisition);
  const target = targetOf(planOf(images));
  const file = writeRtstruct(acquisition, shapesOf(acquisition));
  const ours = drawRegions(contourRegions(parseRtstruct(file)), target);
  const theirs = await rasterise(target.geometry, images, file, mode);
  const rows = [...ours].map(([region, bits]) => {
    const mask = theirs.get(region);
    return [region, mask === undefined ? 'no output' : differingVoxels(bits, mask)] as const;
  });
  return Object.fromEntries(rows);
}

const SAME = {
  ...{ sphere: 0, 'small sphere': 0, ellipsoid: 0, torus: 0, 'standing torus': 0, 'nested rings': 0 },
  ...{ keyhole: 0, 'thin wall': 0, islands: 0, star: 0, box: 0, 'single slice': 0 },
};

describe('plastimatch --xor-contours', () => {
  it.each(['axial', 'anisotropic', 'oblique', 'feet-first'])(
    '%s: the same voxels but where contours cross or repeat',
    async (name) => {
      const differing = await compare(name, ['--xor-contours']);
      expect(differing).toMatchObject(SAME);
      // It leaves out the common part of crossing contours, and everything where a contour was saved twice.
      expect(differing.crossing).toBeGreaterThan(500);
      expect(differing.duplicated).toBeGreaterThan(1000);
      expect(differing.exclusive).toBe('no output');
    },
  );

  it('coronal: the same, but for contours of four points', async () => {
    const differing = await compare('coronal', ['--xor-contours']);
    expect(differing).toMatchObject({ ...SAME, box: expect.any(Number) });
    expect(differing.box).toBeGreaterThan(1000);
  });

  it('unites contours without the option, so that rings have no hole', async () => {
    const differing = await compare('anisotropic', []);
    const { sphere, keyhole, crossing, duplicated } = differing;
    expect({ sphere, keyhole, crossing, duplicated }).toEqual({
      ...{ sphere: 0, keyhole: 0, crossing: 0, duplicated: 0 },
    });
    expect(differing['nested rings']).toBeGreaterThan(1000);
    expect(differing['thin wall']).toBeGreaterThan(1000);
  });
});
