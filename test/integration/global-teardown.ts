import { stopMachine } from './machine.ts';

/** Once after all files of the project, also when tests failed. */
// biome-ignore lint/style/noDefaultExport: jest calls the default export
export default async function tearDown(): Promise<void> {
  await stopMachine();
}
