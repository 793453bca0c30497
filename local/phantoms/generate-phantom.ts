import { chooseAcquisition, voxelIndex } from './acquisition.ts';
import { type Anatomy, createAnatomy, type OrganName } from './anatomy.ts';
import { drawOrgan } from './draw-structures.ts';
import type { PhantomTruth } from './phantom-truth.ts';
import { createRandom, uidFrom } from './random.ts';
import { scanAnatomy } from './scan-anatomy.ts';
import { CT_IMAGE_STORAGE, type Region, type Structures } from './structures.ts';
import type { Vec3 } from './vector.ts';
import { writeAim } from './write-aim.ts';
import { writeRtstruct } from './write-rtstruct.ts';
import { type PhantomScan, writeSeries } from './write-series.ts';

export const DEFAULT_SUBJECTS = 14;
/** `region2MaskValueMap.txt` for the phantoms' organs. */
export const PHANTOM_LABEL_MAP = 'Liver=10\nSpleen=20\nKidney=30\n';

export interface PhantomRequest {
  readonly seed: number;
  /** Counts from 1; orientation, hole style and pixel storage follow from it. */
  readonly subject: number;
}

export interface Phantom {
  readonly subject: string;
  readonly session: string;
  readonly studyUid: string;
  readonly scans: readonly PhantomScan[];
  readonly structures: Structures;
  readonly truth: PhantomTruth;
}

const COLOURS: readonly Region['colour'][] = [
  [221, 130, 101],
  [157, 108, 162],
  [185, 102, 83],
];

/** One synthetic patient with one CT scan and its contours; the same request gives the same bytes. */
export function generatePhantom({ seed, subject }: PhantomRequest): Phantom {
  const random = createRandom(`phantom/${seed}/${subject}`);
  const grid = chooseAcquisition(random, subject);
  const anatomy = createAnatomy(random);
  const volume = scanAnatomy(anatomy, grid, random);
  const uid = (...parts: readonly (string | number)[]): string => uidFrom(seed, subject, ...parts);
  const sopInstanceUids = Array.from({ length: grid.slices }, (_, k) => uid('image', k));
  const truth: PhantomTruth = {
    ...volume,
    grid,
    voxels: countVoxels(volume.labels),
    sopInstanceUids,
    holes: subject % 2 === 0 ? 'keyhole' : 'nested',
    storage: subject % 3 === 0 ? 'uint16' : 'int16',
  };
  const number = String(subject).padStart(3, '0');
  const structures: Structures = {
    label: 'Phantom organs',
    uid: uid('structures'),
    patientId: `PHANTOM_${number}`,
    patientName: `PHANTOM^${number}`,
    series: {
      studyUid: uid('study'),
      seriesUid: uid('series'),
      frameOfReferenceUid: uid('frame'),
      sopClassUid: CT_IMAGE_STORAGE,
      sopInstanceUids,
    },
    regions: drawRegions(anatomy, truth),
  };
  return {
    subject: structures.patientId,
    session: `${structures.patientId}_CT1`,
    studyUid: structures.series.studyUid,
    scans: [writeSeries({ seriesNumber: '2', structures, truth, random })],
    structures,
    truth,
  };
}

function drawRegions(anatomy: Anatomy, truth: PhantomTruth): Region[] {
  return anatomy.organs.map((organ, at) => ({
    name: organ.name,
    colour: COLOURS[at] as Region['colour'],
    contours: drawOrgan(organ, truth.grid, truth.sopInstanceUids, truth.holes),
  }));
}

function countVoxels(labels: Uint8Array): Record<OrganName, number> {
  const counts = [0, 0, 0, 0];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const [, liver = 0, spleen = 0, kidney = 0] = counts;
  return { Liver: liver, Spleen: spleen, Kidney: kidney };
}

/** A cohort: subjects 1..`subjects`. */
export function generatePhantoms(seed: number, subjects: number = DEFAULT_SUBJECTS): Phantom[] {
  return Array.from({ length: subjects }, (_, at) => generatePhantom({ seed, subject: at + 1 }));
}

export function phantomRtstruct({ structures }: Pick<Phantom, 'structures'>): Buffer {
  return writeRtstruct(structures);
}

/** The contours as the viewer would save them, in image pixels of each slice. */
export function phantomAim({ structures, truth }: Pick<Phantom, 'structures' | 'truth'>): string {
  return writeAim(structures, (_, p: Vec3) => {
    const [i, j] = voxelIndex(truth.grid, p);
    return [i + 0.5, j + 0.5];
  });
}
