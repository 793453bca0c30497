import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureVenv } from '../../local/machine/python-venv.ts';

/** Absolute paths of the tools that we are compared with, installed on first use. */
export interface PeerPrograms {
  readonly python: string;
  readonly dcm2niix: string;
  readonly plastimatch: string;
  /** Reader of DICOM SEG of dcmqi. */
  readonly segimage2itkimage: string;
}

/**
 * The native programs inside the packages, not the Python launchers in the bin folder: those cost an interpreter's start
 * on every call, which no user of the native tool pays and no comparison of times may count.
 */
export async function peerPrograms(): Promise<PeerPrograms> {
  const { python } = await ensureVenv('imaging-peers');
  const packages = sitePackages(dirname(dirname(python)));
  return {
    python,
    dcm2niix: join(packages, 'bin/dcm2niix'),
    plastimatch: join(packages, 'plastimatch/bin/plastimatch'),
    segimage2itkimage: join(packages, 'dcmqi/bin/segimage2itkimage'),
  };
}

function sitePackages(venv: string): string {
  const [version = ''] = readdirSync(join(venv, 'lib')).filter((name) => name.startsWith('python3.'));
  return join(venv, 'lib', version, 'site-packages');
}
