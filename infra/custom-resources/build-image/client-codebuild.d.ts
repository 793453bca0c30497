/** The part of the client that we use. The Lambda runtime brings the client itself: it is not bundled. */
declare module '@aws-sdk/client-codebuild' {
  interface Build {
    readonly buildStatus?: string;
    readonly logs?: { readonly deepLink?: string };
    readonly environment?: {
      readonly environmentVariables?: readonly { readonly name: string; readonly value: string }[];
    };
    readonly exportedEnvironmentVariables?: readonly { readonly name?: string; readonly value?: string }[];
  }
  class StartBuildCommand {
    constructor(input: {
      projectName: string;
      environmentVariablesOverride: { name: string; value: string }[];
    });
    readonly output: { readonly build?: Build };
  }
  class BatchGetBuildsCommand {
    constructor(input: { ids: string[] });
    readonly output: { readonly builds?: readonly Build[] };
  }
  class CodeBuildClient {
    constructor(configuration: Record<string, never>);
    send<Command extends { readonly output: unknown }>(command: Command): Promise<Command['output']>;
  }
}
