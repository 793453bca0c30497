import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { startXnat, type XnatOptions } from './start-xnat.ts';

const USAGE =
  'node local/xnat/main.ts --data DIR --config FILE [--port 0] [--port-file FILE]\n' +
  'The config file holds JSON: {"adminUser", "adminPassword", "hooks": {"archiveId", "secret": "whsec_..."}}';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    config: { type: 'string' },
    port: { type: 'string', default: '0' },
    'port-file': { type: 'string' },
  },
});

if (values.data === undefined || values.config === undefined) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(2);
}

const config = JSON.parse(readFileSync(values.config, 'utf8')) as Omit<XnatOptions, 'port' | 'dataDir'>;
const xnat = await startXnat({ ...config, port: Number(values.port), dataDir: values.data });
if (values['port-file'] !== undefined) writePortFile(values['port-file'], xnat.port);
process.stdout.write(`XNAT stand-in listening on ${xnat.url}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    xnat.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}

/** Complete before it appears, so that a reader never sees half of it. */
function writePortFile(file: string, port: number): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.partial`, JSON.stringify({ pid: process.pid, port, url: xnat.url }));
  renameSync(`${file}.partial`, file);
}
