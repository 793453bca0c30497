import type { Command } from 'commander';
import type { CliContext } from './context.ts';

/** A module of `commands/`: adds its command to the program. */
export interface CommandModule {
  register(program: Command, context: CliContext): void;
}

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** Every command. A module is loaded only when its command is called, so that the CLI starts at once. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  up: { summary: 'start the local machine and deploy on it', load: () => import('./commands/up.ts') },
  down: { summary: 'stop the local machine; its state stays', load: () => import('./commands/down.ts') },
  status: {
    summary: 'what runs on the local machine, where, and who can sign in',
    load: () => import('./commands/status.ts'),
  },
  doctor: {
    summary: 'whether this machine or an AWS account has what is needed',
    load: () => import('./commands/doctor.ts'),
  },
  login: { summary: 'sign in', load: () => import('./commands/login.ts') },
  logout: { summary: 'forget the sign-in', load: () => import('./commands/logout.ts') },
  me: { summary: 'who is signed in', load: () => import('./commands/me.ts') },
  projects: { summary: 'list and create projects', load: () => import('./commands/projects.ts') },
  members: { summary: 'members of a project and their roles', load: () => import('./commands/members.ts') },
  models: { summary: 'install models and attach label maps', load: () => import('./commands/models.ts') },
  automations: {
    summary: 'what happens when contours are saved',
    load: () => import('./commands/automations.ts'),
  },
  cases: { summary: 'prepared cases: list, review, retry', load: () => import('./commands/cases.ts') },
  datasets: { summary: 'define, validate and freeze datasets', load: () => import('./commands/datasets.ts') },
  configs: { summary: 'training configs', load: () => import('./commands/configs.ts') },
  runs: { summary: 'launch, watch and stop training runs', load: () => import('./commands/runs.ts') },
  promote: {
    summary: 'make a checkpoint the next version of a model',
    load: () => import('./commands/promote.ts'),
  },
  exports: { summary: 'export models and download them', load: () => import('./commands/exports.ts') },
  sync: { summary: 'look at the archive now', load: () => import('./commands/sync.ts') },
  upload: {
    summary: 'send a folder of DICOM files without an XNAT',
    load: () => import('./commands/upload.ts'),
  },
  uploads: { summary: 'uploads that were refused, and why', load: () => import('./commands/uploads.ts') },
  convert: {
    summary: 'convert the DICOM series of a folder to NIfTI',
    load: () => import('./commands/convert.ts'),
  },
  resample: {
    summary: 'resample an image or a label map to another voxel size',
    load: () => import('./commands/resample.ts'),
  },
  compare: {
    summary: 'compare two label maps or two images voxel by voxel',
    load: () => import('./commands/compare.ts'),
  },
  mask: {
    summary: 'draw contours, segmentations or masks as a label map on the grid of their images',
    load: () => import('./commands/mask.ts'),
  },
  labels: {
    summary: 'try a label map on files of regions',
    load: () => import('./commands/labels.ts'),
  },
  'run-stage': {
    summary: 'run one imaging stage inside a Batch job',
    load: () => import('./commands/run-stage-command.ts'),
  },
};
