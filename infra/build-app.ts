import { App, type Stack, Tags } from 'aws-cdk-lib';
import type { DeploymentProps } from './deployment-props.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { OperationsStack } from './stacks/operations-stack.ts';
import { PipelineStack } from './stacks/pipeline-stack.ts';
import { StorageStack } from './stacks/storage-stack.ts';
import { TrainingStack } from './stacks/training-stack.ts';
import { WebStack } from './stacks/web-stack.ts';

export interface BuildAppProps extends DeploymentProps {
  /** @default a temporary folder of the CDK */
  readonly outFolder?: string;
  /**
   * Validates the templates against CloudFormation's schemas; a finding fails the synthesis. It takes longer than
   * everything else, so `scripts/check-templates.ts` does it and a deployment does not.
   *
   * @default false
   */
  readonly validateTemplates?: boolean;
}

/** Feature flags live here and not in cdk.json, so that tests and scripts synthesise what `cdk deploy` deploys. */
const FEATURE_FLAGS = {
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/core:target-partitions': ['aws'],
  '@aws-cdk/aws-lambda:recognizeLayerVersion': true,
  '@aws-cdk/core:checkSecretUsage': true,
  '@aws-cdk/aws-s3:createDefaultLoggingPolicy': true,
  '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
  '@aws-cdk/aws-s3:publicAccessBlockedByDefault': true,
  '@aws-cdk/aws-ec2:uniqueImdsv2TemplateName': true,
  '@aws-cdk/aws-ec2:launchTemplateDefaultUserData': true,
  '@aws-cdk/aws-batch:defaultToAL2023': true,
  '@aws-cdk/aws-iam:standardizedServicePrincipals': true,
  '@aws-cdk/core:validateAgainstDefaultRules': true,
} as const;

/**
 * The six stacks in their order. Each may read names that an earlier one left in SSM; none refers to another's
 * resources, so that a stack can be updated, replaced or deleted without untangling exports.
 */
export function buildApp({
  config,
  handlers,
  root,
  outFolder,
  validateTemplates = false,
}: BuildAppProps): App {
  const app = new App({
    ...(outFolder ? { outdir: outFolder } : {}),
    analyticsReporting: false,
    treeMetadata: false,
    builtinCloudFormationValidation: validateTemplates,
    context: FEATURE_FLAGS,
  });
  const props = { config, handlers, root };
  const stacks: Stack[] = [
    new StorageStack(app, 'Contourflow-Storage', props),
    new TrainingStack(app, 'Contourflow-Training', props),
    new PipelineStack(app, 'Contourflow-Pipeline', props),
    new ApiStack(app, 'Contourflow-Api', props),
    new WebStack(app, 'Contourflow-Web', props),
    new OperationsStack(app, 'Contourflow-Operations', props),
  ];
  stacks.forEach((stack, i) => {
    const previous = stacks[i - 1];
    if (previous) stack.addStackDependency(previous);
    Tags.of(stack).add('application', 'contourflow');
    Tags.of(stack).add('environment', config.environmentName);
    Tags.of(stack).add('component', stack.stackName.replace('Contourflow-', '').toLowerCase());
  });
  return app;
}
