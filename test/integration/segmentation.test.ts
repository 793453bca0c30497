import { beforeAll, describe, expect, it } from '@jest/globals';
import { s3Client } from '../../local/machine/aws-clients.ts';
import { sendUpload } from '../../src/cli/send-upload.ts';
import { Certificate } from '../../src/contracts/certificate.ts';
import type { CaseRecord } from '../../src/contracts/records.ts';
import { acquisitionNamed } from '../truth/acquisition.ts';
import { truthOnSlice } from '../truth/sample.ts';
import { shapesOf } from '../truth/shapes.ts';
import { writeClassic } from '../truth/write-images.ts';
import { writeAim } from '../truth/write-regions.ts';
import { writeSegmentation } from '../truth/write-segmentation.ts';
import { eventually } from './eventually.ts';
import { newProject, type TestProject } from './project.ts';
import { countLabels, readBlob, resourceOf } from './scan-resources.ts';
import { casesOf } from './sessions.ts';

const SERIES = acquisitionNamed('anisotropic');
const SHAPES = shapesOf(SERIES).filter(({ name }) => ['sphere', 'islands'].includes(name));
const LABEL_MAP = 'sphere=1\nislands=2\n';

/** Where the second region lies in the first, the later line of the label map has the voxels. */
function truth(): Record<number, number> {
  const counts: Record<number, number> = { 1: 0, 2: 0 };
  SERIES.slices.forEach((_, k) => {
    const [sphere, islands] = ['sphere', 'islands'].map((wanted) => {
      const shape = SHAPES.find(({ name }) => name === wanted);
      if (shape === undefined) throw new Error(`there is no shape ${wanted}`);
      return truthOnSlice(SERIES, shape, k);
    });
    sphere?.forEach((inSphere, at) => {
      const value = islands?.[at] ? 2 : inSphere;
      if (value > 0) counts[value] = (counts[value] ?? 0) + 1;
    });
  });
  return counts;
}

describe.each([
  ['a DICOM segmentation', writeSegmentation, 0],
  // The contours are polygons of the curves, which the truth is not.
  ['an AIM collection', writeAim, 0.003],
] as const)('%s without contours, through the deployed stack', (_what, write, tolerance) => {
  let project: TestProject;
  let made: CaseRecord;

  beforeAll(async () => {
    project = await newProject('regions', { labelMap: LABEL_MAP });
    await sendUpload(s3Client(project.machine), project.machine.deployment?.dataBucket ?? '', {
      project: project.id,
      uploadId: 'truth',
      subject: 'TRUTH',
      session: 'TRUTH_CT1',
      images: writeClassic(SERIES).map((bytes) => () => Promise.resolve(bytes)),
      structures: [() => Promise.resolve(write(SERIES, SHAPES))],
    });
    made = await eventually('a case of the series', async () => (await casesOf(project))[0], 240_000);
  }, 300_000);

  it('gives the voxels of the shapes', async () => {
    expect(made.problem).toBeNull();
    const counts = countLabels(await readBlob(project, resourceOf(made, 'MASK_NATIVE')));
    for (const [value, voxels] of Object.entries(truth()))
      expect(Math.abs((counts[Number(value)] ?? 0) - voxels)).toBeLessThanOrEqual(tolerance * voxels);
  });

  it('gives a certificate and a picture', async () => {
    const path = { project: project.id, caseId: made.id };
    const { certificate } = await project.member.call('getCertificate', path);
    expect(Certificate.parse(certificate)).toMatchObject({ slicesUsed: SERIES.slices.length, parts: [] });
    const picture = await readBlob(project, resourceOf(made, 'QA'));
    expect([...picture.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
  });
});
