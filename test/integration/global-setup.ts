import { startMachine } from './machine.ts';

/** Once before all files of the project. */
// biome-ignore lint/style/noDefaultExport: jest calls the default export
export default async function setUp(): Promise<void> {
  await startMachine({ fresh: true });
}
