import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatePhantom, phantomAim } from '../../../local/phantoms/generate-phantom.ts';
import { LOGIN, startTestXnat, type TestXnat } from './running-xnat.ts';

const run = promisify(execFile);
const clients = fileURLToPath(new URL('../../../local/xnat/clients/', import.meta.url));
const venv = join(clients, '.venv');
const python = join(venv, 'bin', 'python');
const phantom = generatePhantom({ seed: 61, subject: 9 });
const images = phantom.truth.grid.slices;
let xnat: TestXnat;

/** Made once, and again when the pins change. */
async function prepareClients(): Promise<void> {
  const requirements = join(clients, 'requirements.txt');
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const stamp = join(venv, 'requirements.sha256');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  await run('python3', ['-m', 'venv', '--clear', venv]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  writeFileSync(stamp, digest);
}

beforeAll(async () => {
  await prepareClients();
  xnat = await startTestXnat();
  await xnat.admin.createProject('P1');
  const { subject, session } = phantom;
  const id = await xnat.admin.importSession({
    project: 'P1',
    subject,
    session,
    files: phantom.scans[0]?.files ?? [],
  });
  await xnat.admin.saveRoiCollection({
    project: 'P1',
    session: id,
    label: 'AIM_1',
    type: 'AIM',
    content: phantomAim(phantom),
  });
}, 600_000);
afterAll(() => xnat?.stop());

async function check(script: string): Promise<Record<string, unknown>> {
  const login = [xnat.url, LOGIN.user, LOGIN.password, 'P1', phantom.session];
  const { stdout } = await run(python, ['-B', join(clients, script), ...login]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
}

describe('real clients', () => {
  it('xnatpy connects, browses, downloads, uploads, overwrites and reads the derived RTSTRUCT', async () => {
    expect(await check('check_xnatpy.py')).toEqual({
      subjects: [phantom.subject],
      session_type: 'xnat:ctSessionData',
      modality: 'CT',
      scan_type: 'Phantom abdomen',
      scan_uid: phantom.scans[0]?.seriesUid,
      resources: ['DICOM'],
      scan_files: images,
      uploaded: ['img.nii.gz', 'inner.txt'],
      assessors: { AIM_1: 'AIM' },
      roi_from_api: expect.any(Number),
    });
  }, 120_000);

  it('pyxnat lists by CSV, downloads, reads assessors and puts a file', async () => {
    expect(await check('check_pyxnat.py')).toEqual({
      projects: ['P1'],
      subjects: [phantom.subject],
      session_type: 'xnat:ctSessionData',
      scans: ['2'],
      dicom_files: images,
      zip_files: images,
      assessors: { AIM_1: ['AIM', 'RTSTRUCT'] },
      round_trip: 'NIFTI',
      array: [expect.stringMatching(/^XNAT_E/)],
    });
  }, 120_000);
});
