import { PipelineError } from '../contracts/errors.ts';
import type { ApiClient } from './api-client.ts';
import type { Terminal } from './ask-on-terminal.ts';
import type { CliEnvironment } from './environment.ts';
import { UsageError } from './exit-codes.ts';
import type { Output } from './output.ts';

/** The streams of the process that a command line runs in. */
export interface Streams extends Pick<Output, 'out' | 'err'> {
  readonly terminal: Terminal;
}

/** What every command gets. The API client is made on first use, so that `--help` costs nothing. */
export interface CliContext extends Output {
  readonly environment: CliEnvironment;
  readonly dataFolder: string;
  readonly terminal: Terminal;
  /** As the signed-in user. */
  api(): Promise<ApiClient>;
  /** --project, else CONTOURFLOW_PROJECT, else the user's only project. */
  project(): Promise<string>;
}

/** Options that every command understands. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly data?: string;
  readonly project?: string;
}

export function createContext(
  environment: CliEnvironment,
  options: () => GlobalOptions,
  streams: Streams,
): CliContext {
  const dataFolder = (): string => options().data ?? environment.dataFolder;
  let client: ApiClient | undefined;
  const api = async (): Promise<ApiClient> => {
    const { signedInClient } = await import('./sign-in-file.ts');
    client ??= signedInClient(dataFolder());
    return client;
  };
  return {
    ...streams,
    environment,
    plain: environment.plain,
    get json() {
      return options().json === true;
    },
    get dataFolder() {
      return dataFolder();
    },
    api,
    async project() {
      return options().project ?? environment.project ?? onlyProject(await api());
    },
  };
}

async function onlyProject(api: ApiClient): Promise<string> {
  const { items } = await api.call('listProjects', {});
  const [first] = items;
  if (items.length === 1 && first !== undefined) return first.id;
  if (items.length === 0) {
    throw new PipelineError('NotFound', 'you are not a member of any project; ask an owner to add you');
  }
  const names = items.map(({ id }) => id).join(', ');
  throw new UsageError(`say which project with --project; yours are ${names}`);
}
