import { cpSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { folderCohort } from '../../../local/demo/folder-cohort.ts';
import { withDefect } from '../../../local/phantoms/defects.ts';
import { phantomAim, phantomRtstruct } from '../../../local/phantoms/generate-phantom.ts';
import { phantomOf, writeStudy } from '../../helpers/phantom-folder.ts';

/** Study 4 is the second one of the patient of study 1. */
const PATIENTS = ['A', 'B', 'C', 'A'];

describe('a cohort from a folder', () => {
  const phantoms = PATIENTS.map((patient, at) => phantomOf(at + 1, patient));
  const root = mkdtempSync(join(tmpdir(), 'contourflow-cohort-'));
  const whole = join(root, 'whole');
  let folder: string;
  let copies = 0;

  beforeAll(() => {
    phantoms.forEach((phantom, at) => {
      writeStudy(join(whole, `study${at + 1}`), phantom);
    });
  });
  beforeEach(() => {
    copies += 1;
    folder = join(root, `copy${copies}`);
    cpSync(whole, folder, { recursive: true });
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const firstImage = (study: number): string => {
    const own = join(folder, `study${study}`);
    return join(own, readdirSync(own).find((name) => name.startsWith('CT')) ?? '');
  };
  const refusal = async (): Promise<Error> =>
    folderCohort(folder, null).then(
      () => new Error('nothing was refused'),
      (error: Error) => error,
    );

  it('makes a session of each structure set, and one subject of two studies of a patient', async () => {
    const { sessions, labelMap, notices, description } = await folderCohort(folder, null);
    expect(sessions.map(({ subject, session }) => [subject, session])).toEqual([
      ['SUBJECT_001', 'SUBJECT_001_1'],
      ['SUBJECT_002', 'SUBJECT_002_2'],
      ['SUBJECT_003', 'SUBJECT_003_3'],
      ['SUBJECT_001', 'SUBJECT_001_4'],
    ]);
    expect(labelMap).toBe('Kidney=10\nLiver=20\nSpleen=30\n');
    expect(notices).toEqual([]);
    expect(description).toMatch(/^4 session\(s\) of 3 subject\(s\) from copy/);
    const loaded = await sessions[0]?.load();
    expect(loaded?.images).toHaveLength(phantoms[0]?.scans[0]?.files.length ?? -1);
    expect(loaded?.aim).toBeNull();
  });

  it("takes the user's own label map as it is", async () => {
    const file = join(folder, 'region2MaskValueMap.txt');
    writeFileSync(file, 'Liver=10\n');
    expect((await folderCohort(folder, file)).labelMap).toBe('Liver=10\n');
  });

  it('names what it cannot use, file by file with the code, and goes on with the rest', async () => {
    const first = phantomOf(1, 'A');
    writeFileSync(join(folder, 'empty.dcm'), phantomRtstruct(withDefect(first, 'empty-rtstruct')));
    writeFileSync(join(folder, 'cut.dcm'), phantomRtstruct(first).subarray(0, 5_000));
    writeFileSync(join(folder, 'viewer.xml'), phantomAim(first));
    truncateSync(firstImage(4), 400);
    const { sessions, notices } = await folderCohort(folder, null);
    expect(sessions.map(({ subject }) => subject)).toEqual(['SUBJECT_001', 'SUBJECT_002', 'SUBJECT_003']);
    expect(notices.map((text) => text.split(':').slice(0, 3).join(':'))).toEqual([
      'left out: cut.dcm: TruncatedDicom',
      'left out: empty.dcm: EmptyRtstruct',
      expect.stringMatching(/^left out: study4\/CT.*: TruncatedDicom$/),
      'left out: study4/rs.dcm: ReferencedImageMissing',
      'left out: viewer.xml: UnsupportedRoiType',
    ]);
    expect(notices[3]).toMatch(
      /it names \d+ images, of which \d+ can be read here; put the whole series beside it/,
    );
  });

  it.each([
    ['ReferencedSeriesMissing', { seriesUid: '1.2.3' }],
    ['MixedSeries', { studyUid: '1.2.3' }],
  ])('leaves out with %s what the XNAT would refuse', async (code, elsewhere) => {
    const { structures } = phantomOf(4, 'A');
    const series = { ...structures.series, ...elsewhere };
    writeFileSync(join(folder, 'study4/rs.dcm'), phantomRtstruct({ structures: { ...structures, series } }));
    const { sessions, notices } = await folderCohort(folder, null);
    expect(sessions).toHaveLength(3);
    expect(notices).toEqual([expect.stringContaining(`left out: study4/rs.dcm: ${code}: it `)]);
  });

  it('refuses fewer than three subjects before anything is started, and lists what it left out', async () => {
    truncateSync(join(folder, 'study2/rs.dcm'), 5_000);
    expect(await refusal()).toMatchObject({
      code: 'InvalidSplit',
      message: expect.stringMatching(
        /holds 3 usable session\(s\) of 2 subject\(s\); at least 3 subjects are needed, one each/,
      ),
      details: { problems: [expect.stringMatching(/^study2\/rs.dcm: TruncatedDicom: /)] },
    });
  });

  it('takes each study without PatientID as a subject of its own, and says so', async () => {
    for (const study of [1, 4]) {
      rmSync(join(folder, `study${study}`), { recursive: true });
      writeStudy(join(folder, `study${study}`), phantomOf(study, ''));
    }
    const { sessions, notices } = await folderCohort(folder, null);
    expect(new Set(sessions.map(({ subject }) => subject)).size).toBe(4);
    expect(notices).toEqual([
      expect.stringMatching(/^2 studies have no PatientID \(0010,0020\); each is taken/),
    ]);
  });

  it('says what to put where when no structure set has its series', async () => {
    rmSync(folder, { recursive: true });
    expect(await refusal()).toMatchObject({ code: 'NotFound' });
    cpSync(join(whole, 'study1/rs.dcm'), join(folder, 'rs.dcm'));
    expect(await refusal()).toMatchObject({
      code: 'NoContours',
      message: expect.stringContaining('put each RTSTRUCT file beside the series'),
      details: {
        problems: [
          expect.stringMatching(
            /^rs.dcm: ReferencedSeriesMissing: it names 1 image series, of which 0 can be read here/,
          ),
        ],
      },
    });
  });
});
