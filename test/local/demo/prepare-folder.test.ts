import { describe, expect, it } from '@jest/globals';
import { requireSubjects } from '../../../local/demo/await-cases.ts';
import type { CohortSession } from '../../../local/demo/cohort.ts';
import { importSessions, saveContours, uploadOf } from '../../../local/demo/fill-archive.ts';
import { type Identified, numberSubjects } from '../../../local/demo/number-subjects.ts';
import { classesOf, labelMapOfNames } from '../../../local/demo/region-names.ts';
import { testCaseOf } from '../../../local/demo/try-bundle.ts';
import type { XnatAdmin } from '../../../local/xnat/admin-client.ts';
import { HttpError } from '../../../local/xnat/http-error.ts';
import type { CaseRecord } from '../../../src/contracts/records.ts';

describe('numberSubjects', () => {
  const of = (studyUid: string, id: string | null, issuer = ''): Identified => ({
    studyUid,
    patient: id === null ? null : { id, issuer },
  });

  it.each([
    ['two studies of one patient', [of('1', 'A'), of('2', 'B'), of('3', 'A')], [1, 2, 1]],
    ['one id of two issuers', [of('1', 'A', 'H1'), of('2', 'A', 'H2'), of('3', 'A', 'H1')], [1, 2, 1]],
    [
      'an id whose issuer one study does not name',
      [of('1', 'A', 'H1'), of('2', 'A'), of('3', 'A', 'H2')],
      [1, 1, 1],
    ],
    ['two series of a study without an id', [of('1', null), of('1', null), of('2', null)], [1, 1, 2]],
    ['a study UID that is an id elsewhere', [of('1', null), of('2', '1')], [1, 2]],
  ])('of %s', (_what, series, numbers) => expect(numberSubjects(series)).toEqual(numbers));
});

describe('uploadOf', () => {
  const sessions = (...subjects: string[]) =>
    subjects.map((subject, at) => ({ subject, session: `E${at}` }) as CohortSession);

  it.each([
    [['A', 'B', 'C'], 'E2'],
    [['A', 'B', 'A'], 'E1'],
    [['A', 'A', 'B', 'B'], undefined],
    [['A'], undefined],
  ])('of subjects %j is %s, whose subject has no session in the XNAT', (subjects, session) =>
    expect(uploadOf(sessions(...subjects))?.session).toBe(session),
  );
});

describe('filling the XNAT', () => {
  const lines: string[] = [];
  const live = { line: (text: string) => lines.push(text), bar: () => undefined };
  const load = async () => ({ images: [], rtstruct: new Uint8Array(), aim: null });
  const sessions = ['E1', 'E2', 'E3'].map((session) => ({ subject: 'A', session, load }));
  const cohort = { sessions, labelMap: '', description: '', notices: [] };
  const refusing = (status: number) =>
    ({
      importSession: async ({ session }: { session: string }) => {
        if (session === 'E1') throw new HttpError(status, 'more than one study');
        return session;
      },
      saveRoiCollection: async ({ session }: { session: string }) => {
        if (session === 'E2') throw new HttpError(status, 'Missing dependencies');
        return session;
      },
    }) as unknown as XnatAdmin;

  it('names a session that the XNAT refuses, and goes on with the others', async () => {
    const xnat = refusing(422);
    const imported = await importSessions(xnat, 'P', cohort, live);
    expect(imported.map(({ session }) => session)).toEqual(['E2', 'E3']);
    const filled = await saveContours(xnat, { ports: {} } as never, 'P', imported, cohort, live);
    expect(filled).toEqual({ aim: 0, rtstruct: 1, uploads: 0 });
    expect(lines).toEqual([
      'left out: E1: ArchiveRejected: more than one study',
      'left out: E2: ArchiveRejected: Missing dependencies',
    ]);
  });

  it('stops when the XNAT fails', async () => {
    await expect(importSessions(refusing(500), 'P', cohort, live)).rejects.toThrow('more than one study');
  });
});

describe('requireSubjects', () => {
  const ready = (...subjects: string[]) => subjects.map((subject) => ({ subject })) as never;

  it('wants three subjects of the ready cases, and says what to do without them', () => {
    expect(() => requireSubjects(ready('A', 'B', 'C'))).not.toThrow();
    expect(() => requireSubjects(ready('A', 'B', 'A'))).toThrow(
      /^3 case\(s\) of 2 subject\(s\) are ready, and at least 3 subjects are needed; correct what the cases in quarantine say/,
    );
  });
});

describe('testCaseOf', () => {
  const dataset = { id: 'd1', subjects: { test: ['B', 'C'] } } as never;
  const of = (id: string, subject: string, uploadManifestKey: string | null) =>
    ({ id, subject, uploadManifestKey }) as CaseRecord;
  const [other, uploaded, archived] = [of('1', 'A', null), of('2', 'B', 'key'), of('3', 'C', null)] as const;

  it('is one of the XNAT where there is one, else the one that was uploaded', () => {
    expect(testCaseOf(dataset, [other, uploaded, archived])).toBe(archived);
    expect(testCaseOf(dataset, [other, uploaded])).toBe(uploaded);
    expect(() => testCaseOf(dataset, [other])).toThrow(
      'none of 1 case(s) is of a test subject of dataset d1',
    );
  });
});

describe('region names of a folder', () => {
  it('are numbered by how often they occur, under one spelling', () => {
    const { labelMap, notices } = labelMapOfNames([
      ['liver', 'GTV'],
      ['Liver ', 'Spleen'],
      ['LIVER', 'Spleen'],
    ]);
    expect(labelMap).toBe('liver=10\nSpleen=20\nGTV=30\n');
    expect(notices).toEqual([]);
  });

  it('are left out, and that is said, where a label map cannot hold them', () => {
    const { labelMap, notices } = labelMapOfNames([['Lung, left', '#1', 'Lung']]);
    expect(labelMap).toBe('Lung=10\n');
    expect(notices).toEqual([
      expect.stringMatching(/^2 region\(s\) are left out, having a comma or a leading "#"/),
    ]);
  });

  it('become the classes of a starter bundle, one for each mask value', () => {
    expect(classesOf('\ufeff# organs\r\nLung, left=5\r\nLung=5\nKidney=7\n')).toBe('Lung left=5,Kidney=7');
  });
});
