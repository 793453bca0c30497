import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the CLI takes from its environment; read here and nowhere else. */
export interface CliEnvironment {
  /** CONTOURFLOW_DATA: folder of the local machine and of the cached sign-in. */
  readonly dataFolder: string;
  /** CONTOURFLOW_PROJECT: taken when a command is given no --project. */
  readonly project: string | null;
  /** CONTOURFLOW_PASSWORD: for a sign-in without a terminal. */
  readonly password: string | null;
  /** AWS_REGION, for commands that talk to an AWS account directly. */
  readonly region: string | null;
  /** NO_COLOR and TERM=dumb: no escape sequences. */
  readonly plain: boolean;
  /** Everything, for programs that the CLI starts. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export function readEnvironment(
  // biome-ignore lint/style/noProcessEnv: the one place of this process that reads it
  variables: CliEnvironment['variables'] = process.env,
): CliEnvironment {
  return {
    dataFolder: variables.CONTOURFLOW_DATA || join(homedir(), '.contourflow'),
    project: variables.CONTOURFLOW_PROJECT || null,
    password: variables.CONTOURFLOW_PASSWORD || null,
    region: variables.AWS_REGION || variables.AWS_DEFAULT_REGION || null,
    plain: variables.NO_COLOR !== undefined || variables.TERM === 'dumb',
    variables,
  };
}
