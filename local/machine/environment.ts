import { delimiter, join } from 'node:path';
import { CHECKOUT } from './layout.ts';
import type { MachineFile } from './machine-file.ts';

/** What the programs of this machine may see of the environment they were started from, and nothing else. */
const INHERITED = [
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TERM',
  'TMPDIR',
  'PATH',
  'LD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'PIP_INDEX_URL',
  'PIP_EXTRA_INDEX_URL',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'PYENV_VERSION',
] as const;

/** The inherited environment with the checkout's own Node 24 first on PATH. */
export function childEnvironment(inherited: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const kept = INHERITED.flatMap((name) => {
    const value = inherited[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const path = [join(CHECKOUT, 'node_modules/.bin'), inherited.PATH ?? '/usr/bin:/bin'].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path };
}

/** What every AWS SDK and the CDK read to reach the emulator instead of AWS. */
export function awsEnvironment({ aws }: Pick<MachineFile, 'aws'>): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: aws.region,
    AWS_DEFAULT_REGION: aws.region,
    AWS_ACCESS_KEY_ID: aws.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DEFAULT_ACCOUNT: aws.accountId,
    CDK_DEFAULT_REGION: aws.region,
    CDK_DISABLE_LEGACY_EXPORT_WARNING: '1',
  };
}
