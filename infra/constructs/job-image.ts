import { Aws, CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  BuildEnvironmentVariableType,
  BuildSpec,
  ComputeType,
  LinuxBuildImage,
  Project,
  Source,
} from 'aws-cdk-lib/aws-codebuild';
import { Repository, RepositoryEncryption, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Asset, type AssetProps } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { acknowledge, COMPLIANCE_PACKS } from './acknowledge.ts';
import { CustomResourceFunction } from './custom-resource-function.ts';
import type { Foundation } from './foundation.ts';
import { ROLE_POLICY_REASON } from './stage-function.ts';

/** A container image that job definitions can name. */
export interface JobImage {
  /** With a digest where we built it, so that a job definition never changes what it runs by itself. */
  readonly uri: string;
  readonly repositoryArn: string;
}

/** An image that exists already, by its address. */
export function existingImage(uri: string): JobImage {
  return { uri, repositoryArn: `arn:aws:ecr:${Aws.REGION}:${Aws.ACCOUNT_ID}:repository/*` };
}

/** Starts image builds for CloudFormation and answers it when CodeBuild reports their end. */
export class ImageBuilder extends Construct {
  readonly handler: CustomResourceFunction;
  readonly foundation: Foundation;
  private readonly projects: string[] = [];

  constructor(scope: Construct, id: string, foundation: Foundation) {
    super(scope, id);
    this.foundation = foundation;
    this.handler = new CustomResourceFunction(this, 'build-image', foundation);
    const rule = new Rule(this, 'BuildEnded', {
      description: 'An image build has ended: answer the deployment that waits for it',
      eventPattern: {
        source: ['aws.codebuild'],
        detailType: ['CodeBuild Build State Change'],
        detail: {
          'build-status': ['SUCCEEDED', 'FAILED', 'FAULT', 'STOPPED', 'TIMED_OUT'],
          'project-name': this.projects,
        },
      },
    });
    rule.addTarget(new LambdaFunction(this.handler.function, { retryAttempts: 3 }));
  }

  /** Lets the builder start and read builds of a project, and listen to their end. */
  watch(project: Project): void {
    this.projects.push(project.projectName);
    this.handler.allow(['codebuild:StartBuild', 'codebuild:BatchGetBuilds'], [project.projectArn]);
  }
}

export interface BuiltImageProps {
  readonly builder: ImageBuilder;
  /** What the build gets: a folder of the checkout, or the checkout less what `exclude` leaves out. */
  readonly source: AssetProps;
  /** Below the source's root. */
  readonly dockerfile: string;
  /** @default none */
  readonly buildArguments?: Readonly<Record<string, string>>;
}

const BUILD_IMAGE = [
  'TAG_ARGUMENT="imageTag=$SOURCE_HASH"',
  // The tag is the digest of the source and cannot be moved: the same source is built once.
  'aws ecr describe-images --repository-name "$REPOSITORY_NAME" --image-ids "$TAG_ARGUMENT" >/dev/null 2>&1 ' +
    '|| (docker build $BUILD_ARGUMENTS -f "$DOCKERFILE" -t "$REPOSITORY_URI:$SOURCE_HASH" . ' +
    '&& docker push "$REPOSITORY_URI:$SOURCE_HASH")',
  'export IMAGE_DIGEST=$(aws ecr describe-images --repository-name "$REPOSITORY_NAME" ' +
    '--image-ids "$TAG_ARGUMENT" --query "imageDetails[0].imageDigest" --output text)',
];
// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell of the build host expands it
const LOG_IN =
  'aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY_URI%%/*}"';

/** An image built from the checkout by CodeBuild: nobody needs Docker to deploy. */
export class BuiltImage extends Construct implements JobImage {
  readonly uri: string;
  readonly repositoryArn: string;

  constructor(scope: Construct, id: string, props: BuiltImageProps) {
    super(scope, id);
    const { foundation } = props.builder;
    const source = new Asset(this, 'Source', props.source);
    const repository = new Repository(this, 'Repository', {
      imageScanOnPush: true,
      imageTagMutability: TagMutability.IMMUTABLE,
      encryption: RepositoryEncryption.KMS,
      encryptionKey: foundation.key,
      removalPolicy: RemovalPolicy.DESTROY,
      emptyOnDelete: true,
      lifecycleRules: [{ maxImageCount: 10, description: 'keep the last ten' }],
    });
    const project = this.createProject(props, source, repository);
    props.builder.watch(project);
    const image = new CustomResource(this, 'Image', {
      serviceToken: props.builder.handler.function.functionArn,
      resourceType: 'Custom::ContourflowImage',
      serviceTimeout: Duration.hours(1),
      properties: { ProjectName: project.projectName, SourceHash: source.assetHash },
    });
    image.node.addDependency(props.builder);
    this.uri = `${repository.repositoryUri}@${image.getAttString('Digest')}`;
    this.repositoryArn = repository.repositoryArn;
  }

  private createProject(
    { builder, dockerfile, buildArguments = {} }: BuiltImageProps,
    source: Asset,
    repository: Repository,
  ): Project {
    const variables: Record<string, string> = {
      REPOSITORY_NAME: repository.repositoryName,
      REPOSITORY_URI: repository.repositoryUri,
      SOURCE_HASH: source.assetHash,
      DOCKERFILE: dockerfile,
      BUILD_ARGUMENTS: Object.entries(buildArguments)
        .map(([name, value]) => `--build-arg ${name}=${value}`)
        .join(' '),
    };
    const project = new Project(this, 'Project', {
      description: `Contourflow image from ${dockerfile}`,
      source: Source.s3({ bucket: source.bucket, path: source.s3ObjectKey }),
      encryptionKey: builder.foundation.key,
      timeout: Duration.minutes(50),
      environment: {
        buildImage: LinuxBuildImage.STANDARD_7_0,
        computeType: ComputeType.LARGE,
        privileged: true,
      },
      environmentVariables: Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [
          name,
          { type: BuildEnvironmentVariableType.PLAINTEXT, value },
        ]),
      ),
      buildSpec: BuildSpec.fromObject({
        version: '0.2',
        env: { 'exported-variables': ['IMAGE_DIGEST'] },
        phases: { pre_build: { commands: [LOG_IN] }, build: { commands: BUILD_IMAGE } },
      }),
    });
    repository.grantPullPush(project);
    repository.grant(project, 'ecr:DescribeImages');
    acknowledge(
      project,
      ['AwsSolutions'],
      'CB3',
      'building an image needs the Docker daemon of the build host',
    );
    acknowledge(project, COMPLIANCE_PACKS, 'IAMNoInlinePolicy', ROLE_POLICY_REASON);
    return project;
  }
}
