import { Aws, CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Repository, RepositoryEncryption, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { Asset, type AssetProps } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import type { ImageBuilder } from './image-builder.ts';
import { ImageProject } from './image-project.ts';

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

export interface BuiltImageProps {
  readonly builder: ImageBuilder;
  /** What the build gets: a folder of the checkout, or the checkout less what `exclude` leaves out. */
  readonly source: AssetProps;
  /** Below the source's root. */
  readonly dockerfile: string;
  /** @default none */
  readonly buildArguments?: Readonly<Record<string, string>>;
}

/** An image built from the checkout by CodeBuild: nobody needs Docker to deploy. */
export class BuiltImage extends Construct implements JobImage {
  readonly uri: string;
  readonly repositoryArn: string;

  constructor(scope: Construct, id: string, props: BuiltImageProps) {
    super(scope, id);
    const { builder, dockerfile, buildArguments = {} } = props;
    const { foundation } = builder;
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
    const { project } = new ImageProject(this, 'Build', {
      foundation,
      source,
      repository,
      dockerfile,
      buildArguments,
    });
    builder.watch(project);
    const image = new CustomResource(this, 'Image', {
      serviceToken: builder.handler.function.functionArn,
      resourceType: 'Custom::ContourflowImage',
      serviceTimeout: Duration.hours(1),
      properties: { ProjectName: project.projectName, SourceHash: source.assetHash },
    });
    // The rule that brings the answer must be there before the build ends.
    image.node.addDependency(builder);
    this.uri = `${repository.repositoryUri}@${image.getAttString('Digest')}`;
    this.repositoryArn = repository.repositoryArn;
  }
}
