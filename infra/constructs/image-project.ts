import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  BuildEnvironmentVariableType,
  BuildSpec,
  ComputeType,
  LinuxBuildImage,
  Project,
  Source,
} from 'aws-cdk-lib/aws-codebuild';
import type { Repository } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcards, COMPLIANCE_PACKS } from './acknowledge.ts';
import type { Foundation } from './foundation.ts';
import { ROLE_POLICY_REASON } from './stage-function.ts';

export interface ImageProjectProps {
  readonly foundation: Foundation;
  readonly source: Asset;
  readonly repository: Repository;
  /** Below the source's root. */
  readonly dockerfile: string;
  readonly buildArguments: Readonly<Record<string, string>>;
}

/** One line of shell each; the build host runs them with the variables of the project. */
const LOG_IN =
  'aws ecr get-login-password | docker login --username AWS --password-stdin "$' + '{REPOSITORY_URI%%/*}"';
const BUILD_IMAGE = [
  'TAG_ARGUMENT="imageTag=$SOURCE_HASH"',
  // The tag is the digest of the source and cannot be moved: the same source is built once.
  'aws ecr describe-images --repository-name "$REPOSITORY_NAME" --image-ids "$TAG_ARGUMENT" >/dev/null 2>&1 ' +
    '|| (docker build $BUILD_ARGUMENTS -f "$DOCKERFILE" -t "$REPOSITORY_URI:$SOURCE_HASH" . ' +
    '&& docker push "$REPOSITORY_URI:$SOURCE_HASH")',
  'export IMAGE_DIGEST=$(aws ecr describe-images --repository-name "$REPOSITORY_NAME" ' +
    '--image-ids "$TAG_ARGUMENT" --query "imageDetails[0].imageDigest" --output text)',
];

/** Builds one image from one source with Docker on a build host, and pushes it under the source's digest. */
export class ImageProject extends Construct {
  readonly project: Project;

  constructor(scope: Construct, id: string, props: ImageProjectProps) {
    super(scope, id);
    const { foundation, source, dockerfile } = props;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: foundation.config.logRetentionDays,
      encryptionKey: foundation.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.project = new Project(this, 'Project', {
      description: `Contourflow image from ${dockerfile}`,
      source: Source.s3({ bucket: source.bucket, path: source.s3ObjectKey }),
      // Without the wildcards that the project would grant itself.
      role: createRole(this, props, logGroup).withoutPolicyUpdates(),
      grantReportGroupPermissions: false,
      encryptionKey: foundation.key,
      logging: { cloudWatch: { logGroup } },
      timeout: Duration.minutes(50),
      environment: {
        buildImage: LinuxBuildImage.STANDARD_7_0,
        computeType: ComputeType.LARGE,
        privileged: true,
      },
      environmentVariables: variables(props),
      buildSpec: BuildSpec.fromObject({
        version: '0.2',
        env: { 'exported-variables': ['IMAGE_DIGEST'] },
        phases: { pre_build: { commands: [LOG_IN] }, build: { commands: BUILD_IMAGE } },
      }),
    });
    acknowledge(
      this.project,
      ['AwsSolutions'],
      'CB3',
      'building an image needs the Docker daemon of the build host',
    );
    acknowledge(
      this.project,
      ['HIPAA.Security'],
      'CodeBuildProjectSourceRepoUrl',
      'the source is an asset in S3, read with the role of the project; there is no repository to sign in to',
    );
  }
}

function variables({ repository, source, dockerfile, buildArguments }: ImageProjectProps) {
  const values: Record<string, string> = {
    REPOSITORY_NAME: repository.repositoryName,
    REPOSITORY_URI: repository.repositoryUri,
    SOURCE_HASH: source.assetHash,
    DOCKERFILE: dockerfile,
    BUILD_ARGUMENTS: Object.entries(buildArguments)
      .map(([name, value]) => `--build-arg ${name}=${value}`)
      .join(' '),
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      { type: BuildEnvironmentVariableType.PLAINTEXT, value },
    ]),
  );
}

function createRole(
  scope: Construct,
  { foundation, source, repository }: ImageProjectProps,
  logGroup: LogGroup,
): Role {
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('codebuild.amazonaws.com'),
    description: 'Contourflow: builds one image and pushes it to its repository',
  });
  const allow = (actions: string[], resources: string[]) =>
    role.addToPolicy(new PolicyStatement({ actions, resources }));
  allow(['s3:GetObject', 's3:GetObjectVersion'], [source.bucket.arnForObjects(source.s3ObjectKey)]);
  allow(['kms:Decrypt', 'kms:GenerateDataKey'], [foundation.key.keyArn]);
  allow(
    [
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:CompleteLayerUpload',
      'ecr:DescribeImages',
      'ecr:InitiateLayerUpload',
      'ecr:PutImage',
      'ecr:UploadLayerPart',
    ],
    [repository.repositoryArn],
  );
  allow(['ecr:GetAuthorizationToken'], ['*']);
  acknowledgeWildcards(role, ['*'], 'ecr:GetAuthorizationToken supports no resource-level permission');
  logGroup.grantWrite(role);
  acknowledge(role, COMPLIANCE_PACKS, 'IAMNoInlinePolicy', ROLE_POLICY_REASON);
  return role;
}
