import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import type { DataFolder } from './layout.ts';
import { ProcessIdentity } from './process-identity.ts';

const Port = z.int().min(1).max(65535);

/** `machine.json`: what runs where. Ports and deployment outlive the processes, so that addresses stay stable. */
export const MachineFile = z.strictObject({
  schemaVersion: z.literal(1),
  /** One listener each: all AWS services, the browser's origin, the XNAT stand-in. */
  ports: z.strictObject({ emulator: Port, web: Port, xnat: Port }),
  processes: z.strictObject({
    emulator: ProcessIdentity.nullable(),
    xnat: ProcessIdentity.nullable(),
  }),
  /** What the SDKs need to talk to the emulator; no secret, it accepts any key. */
  aws: z.strictObject({
    endpoint: z.string(),
    region: z.string(),
    accountId: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
  }),
  deployment: z
    .strictObject({
      digest: z.string(),
      deployedAt: z.string(),
      apiUrl: z.string(),
      webUrl: z.string(),
      userPoolId: z.string(),
      userPoolClientId: z.string(),
      dataBucket: z.string(),
    })
    .nullable(),
});
export type MachineFile = z.infer<typeof MachineFile>;

export function readMachineFile(folder: DataFolder): Promise<MachineFile | null> {
  return readJsonFile(folder.machineFile, MachineFile);
}

export function writeMachineFile(folder: DataFolder, machine: MachineFile): Promise<void> {
  return writeJsonFile(folder.machineFile, machine, 0o600);
}

/** The machine of a data folder that has none yet. */
export function newMachine(ports: MachineFile['ports']): MachineFile {
  return {
    schemaVersion: 1,
    ports,
    processes: { emulator: null, xnat: null },
    aws: {
      endpoint: `http://127.0.0.1:${ports.emulator}`,
      region: 'us-east-1',
      accountId: '000000000000',
      accessKeyId: 'contourflow-local',
      secretAccessKey: 'contourflow-local',
    },
    deployment: null,
  };
}
