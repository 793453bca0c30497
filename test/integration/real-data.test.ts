import { beforeAll, expect, it } from '@jest/globals';
import { s3Client } from '../../local/machine/aws-clients.ts';
import { sendUpload } from '../../src/cli/send-upload.ts';
import type { CaseRecord } from '../../src/contracts/records.ts';
import { IMAGING_STAGES } from '../../src/contracts/stage-names.ts';
import { describeWithSharedData, readSharedFile, readSharedFolder } from '../helpers/imaging-shared-data.ts';
import { stageJobsOf } from './deployed.ts';
import { eventually } from './eventually.ts';
import { newProject, type TestProject } from './project.ts';
import { countLabels, readBlob, resourceOf } from './scan-resources.ts';
import { casesOf } from './sessions.ts';

const CT = 'rtstruct/4d-lung/ct';
const RTSTRUCT = 'rtstruct/4d-lung/rtstruct/1-1.dcm';

/** The part of expected.json that is read here. */
interface ExpectedRoi {
  readonly number: number;
  readonly name: string;
  readonly voxels: number;
  readonly scanline_voxels: number;
}

/** Voxels whose centre lies exactly on an edge may fall either way between implementations. */
const TIED_VOXELS = 4;

describeWithSharedData('a real CT with its RTSTRUCT, through the deployed stack', () => {
  let project: TestProject;
  let rois: readonly ExpectedRoi[];
  let made: CaseRecord;

  beforeAll(async () => {
    const expected = JSON.parse(new TextDecoder().decode(await readSharedFile('expected.json')));
    rois = expected.rtstruct[RTSTRUCT].rois;
    const labelMap = rois.map(({ name, number }) => `${name}=${number}\n`).join('');
    project = await newProject('real', { labelMap });
    // The RTSTRUCT names 99 images of which 39 are here: the viewer's call would refuse it, an upload may hold it.
    await sendUpload(s3Client(project.machine), project.machine.deployment?.dataBucket ?? '', {
      project: project.id,
      uploadId: 'lung',
      subject: 'LUNG',
      session: 'LUNG_CT1',
      images: (await readSharedFolder(CT)).map((bytes) => () => Promise.resolve(bytes)),
      structures: [() => readSharedFile(RTSTRUCT)],
    });
    made = await eventually('a case of the real series', async () => (await casesOf(project))[0], 240_000);
  }, 300_000);

  it('gives a case whose certificate has every region', async () => {
    expect(made.problem).toBeNull();
    expect(['ready', 'needs-review']).toContain(made.state);
    const path = { project: project.id, caseId: made.id };
    const { certificate } = await project.member.call('getCertificate', path);
    const { regions } = certificate as { regions: { name: string }[] };
    expect(regions.map(({ name }) => name).toSorted()).toEqual(rois.map(({ name }) => name).toSorted());
  });

  it('draws each region with the voxel count of the reference', async () => {
    const mask = resourceOf(made, 'MASK_NATIVE');
    const counts = countLabels(await readBlob(project, mask));
    expect(Object.keys(counts).map(Number)).toEqual(rois.map(({ number }) => number));
    for (const { number, voxels, scanline_voxels } of rois) {
      const ties = voxels === scanline_voxels ? 0 : TIED_VOXELS;
      expect(Math.abs((counts[number] ?? 0) - voxels)).toBeLessThanOrEqual(ties);
    }
  });

  it('took the way through Batch, being larger than the threshold', async () => {
    const { archiveId, session } = made;
    const jobs = await stageJobsOf(project, { archiveId, project: project.id, session });
    expect(jobs).toEqual([...IMAGING_STAGES].toSorted());
  });
});
