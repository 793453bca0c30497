import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { pascalCase } from '../../src/contracts/stage-names.ts';
import type { CustomResourceName } from '../bundle-handlers.ts';
import { acknowledge, acknowledgeWildcards, COMPLIANCE_PACKS } from './acknowledge.ts';
import type { Foundation } from './foundation.ts';
import { grantTracing } from './grants.ts';
import { ROLE_POLICY_REASON } from './stage-function.ts';

/** A function that CloudFormation calls while it deploys; it answers CloudFormation itself. */
export class CustomResourceFunction extends Construct {
  readonly function: LambdaFunction;
  private readonly role: Role;

  constructor(scope: Construct, name: CustomResourceName, foundation: Foundation) {
    super(scope, pascalCase(name));
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Contourflow deployment: ${name}`,
    });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: foundation.config.logRetentionDays,
      encryptionKey: foundation.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    logGroup.grantWrite(this.role);
    grantTracing(this.role);
    this.function = new LambdaFunction(this, 'Function', {
      description: `Contourflow deployment: ${name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(foundation.handlers.folder(name)),
      handler: 'index.handler',
      role: this.role,
      memorySize: 512,
      timeout: Duration.minutes(5),
      tracing: Tracing.ACTIVE,
      logGroup,
    });
    acknowledge(this.role, COMPLIANCE_PACKS, 'IAMNoInlinePolicy', ROLE_POLICY_REASON);
    for (const [packs, rule, reason] of [
      [COMPLIANCE_PACKS, 'LambdaConcurrency', 'runs during a deployment only'],
      [COMPLIANCE_PACKS, 'LambdaInsideVPC', 'talks to AWS services only, during a deployment'],
      [COMPLIANCE_PACKS, 'LambdaDLQ', 'CloudFormation waits for its answer and rolls back without one'],
      [['Serverless'], 'LambdaDLQ', 'CloudFormation waits for its answer and rolls back without one'],
      [['Serverless'], 'LambdaAsyncFailureDestination', 'CloudFormation waits for its answer'],
    ] as const) {
      acknowledge(this.function, packs, rule, reason);
    }
  }

  /** @param wildcardReason - needed when a resource holds a wildcard. */
  allow(actions: readonly string[], resources: readonly string[], wildcardReason?: string): void {
    this.role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
    if (wildcardReason) acknowledgeWildcards(this.role, resources, wildcardReason);
  }
}
