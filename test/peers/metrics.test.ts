import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ensureVenv } from '../../local/machine/python-venv.ts';
import { createGeometry, voxelCount } from '../../src/imaging/geometry/volume-geometry.ts';
import { compareLabelMaps, type LabelMetrics } from '../../src/imaging/metrics/compare-label-maps.ts';
import { encodeNifti } from '../../src/imaging/nifti/encode-nifti.ts';
import { peerPrograms } from './peer-programs.ts';
import { inScratchFolder, runScript } from './run-peer.ts';

const GEOMETRY = createGeometry({
  sizeIjk: [48, 40, 24],
  spacingMm: [1.5, 1.25, 3],
  originLps: [0, 0, 0],
  directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});
const TOLERANCE_MM = 2;

/** Two spheres and a plate; the other map has them moved, grown and with a hole. */
function labels(shift: number, grow: number): Uint8Array {
  const [columns, rows] = GEOMETRY.sizeIjk;
  return Uint8Array.from({ length: voxelCount(GEOMETRY) }, (_, at) => {
    const i = at % columns;
    const j = Math.floor(at / columns) % rows;
    const k = Math.floor(at / (columns * rows));
    const [x, y, z] = [i * 1.5, j * 1.25, k * 3];
    if (Math.hypot(x - 20 - shift, y - 18, z - 30) < 13 + grow) return 1;
    if (Math.hypot(x - 52, y - 30 + shift, z - 34) < 9 - grow) return 2;
    return k < 3 && i > 6 && i < 40 - 3 * grow && j > 4 + shift && j < 30 ? 3 : 0;
  });
}

const REFERENCE = labels(0, 0);
const OTHER = labels(2, 1.3);

/** Runs a script over both maps written as files. */
function measure(
  python: string,
  script: string,
  more: readonly string[] = [],
): Promise<Record<string, Record<string, number | number[]>>> {
  return inScratchFolder(async (folder) => {
    const [a, b] = [join(folder, 'a.nii'), join(folder, 'b.nii')];
    await writeFile(a, encodeNifti({ geometry: GEOMETRY, values: REFERENCE }));
    await writeFile(b, encodeNifti({ geometry: GEOMETRY, values: OTHER }));
    return (await runScript(python, script, [a, b, String(TOLERANCE_MM), ...more])) as never;
  });
}

const OURS: readonly LabelMetrics[] = compareLabelMaps(
  { geometry: GEOMETRY, labels: REFERENCE },
  { geometry: GEOMETRY, labels: OTHER },
  { toleranceMm: TOLERANCE_MM },
).labels;

describe('metrics of other libraries', () => {
  let theirs: { surface: Awaited<ReturnType<typeof measure>>; monai: Awaited<ReturnType<typeof measure>> };
  beforeAll(async () => {
    const [peers, trainer] = await Promise.all([peerPrograms(), ensureVenv('trainer-dev')]);
    theirs = {
      surface: await measure(peers.python, 'surface_metrics.py'),
      monai: await measure(trainer.python, 'monai_metrics.py', [join(dirname(peers.dcm2niix), '..')]),
    };
  });

  it.each([1, 2, 3])('label %s: Dice, surface Dice and HD95 of surface-distance', (value) => {
    const ours = OURS.find((row) => row.value === value);
    const expected = theirs.surface[String(value)];
    expect(ours?.dice).toBeCloseTo(expected?.dice as number, 9);
    expect(ours?.surfaceDice).toBeCloseTo(expected?.surfaceDice as number, 6);
    expect(ours?.hd95Mm).toBeCloseTo(expected?.hd95 as number, 5);
  });

  it.each([1, 2, 3])('label %s: Dice, voxel HD95 and mean surface distance of MONAI', (value) => {
    const ours = OURS.find((row) => row.value === value);
    const expected = theirs.monai[String(value)];
    expect(ours?.dice).toBeCloseTo(expected?.dice as number, 6);
    expect(ours?.voxelHd95Mm).toBeCloseTo(expected?.hd95 as number, 4);
    expect(ours?.meanSurfaceDistanceMm).toBeCloseTo(expected?.mean as number, 4);
  });
});
