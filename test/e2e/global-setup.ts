import { startMachine } from '../integration/machine.ts';

/** The machine of the integration tests, as they left it: nothing is deployed twice. */
// biome-ignore lint/style/noDefaultExport: jest calls the default export
export default async function setUp(): Promise<void> {
  await startMachine({ fresh: false });
}
