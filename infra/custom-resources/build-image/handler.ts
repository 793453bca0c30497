import {
  BatchGetBuildsCommand,
  type Build,
  CodeBuildClient,
  StartBuildCommand,
} from '@aws-sdk/client-codebuild';
import { answerCloudFormation, type CustomResourceRequest } from '../cloudformation-answer.ts';

const codeBuild = new CodeBuildClient({});

/** The event that CodeBuild puts on the default bus when a build has ended. */
interface BuildEnded {
  readonly detail: { readonly 'build-id': string };
}

/** A build carries the address of the deployment that waits for it, so that nothing has to be remembered. */
const ANSWER_TO = 'CLOUDFORMATION_REQUEST';

/** Builds an image: CloudFormation's request starts the build, CodeBuild's event answers the request. */
export async function handler(event: CustomResourceRequest | BuildEnded): Promise<void> {
  if ('detail' in event) {
    await answerForBuild(event.detail['build-id']);
  } else if (event.RequestType === 'Delete') {
    // The repository deletes its images itself.
    await answerCloudFormation(event, { physicalResourceId: event.PhysicalResourceId ?? 'none' });
  } else {
    await startBuild(event);
  }
}

async function startBuild(request: CustomResourceRequest): Promise<void> {
  const { ProjectName, SourceHash } = request.ResourceProperties;
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = request;
  try {
    await codeBuild.send(
      new StartBuildCommand({
        projectName: String(ProjectName),
        environmentVariablesOverride: [
          {
            name: ANSWER_TO,
            value: JSON.stringify({ ResponseURL, StackId, RequestId, LogicalResourceId }),
          },
        ],
      }),
    );
  } catch (error) {
    await answerCloudFormation(request, {
      physicalResourceId: request.PhysicalResourceId ?? String(SourceHash),
      failure: `the image build could not be started: ${(error as Error).message}`,
    });
  }
}

async function answerForBuild(buildId: string): Promise<void> {
  const { builds } = await codeBuild.send(new BatchGetBuildsCommand({ ids: [buildId] }));
  const build = builds?.[0];
  const waiting = build?.environment?.environmentVariables?.find(({ name }) => name === ANSWER_TO)?.value;
  if (!build || !waiting) return; // started by hand: nobody waits
  const digest = exported(build, 'IMAGE_DIGEST');
  await answerCloudFormation(JSON.parse(waiting), {
    physicalResourceId: digest ?? buildId,
    ...(build.buildStatus === 'SUCCEEDED' && digest
      ? { data: { Digest: digest } }
      : { failure: `image build ${buildId} ended ${build.buildStatus}: see ${build.logs?.deepLink}` }),
  });
}

function exported(build: Build, name: string): string | undefined {
  return build.exportedEnvironmentVariables?.find((variable) => variable.name === name)?.value;
}
