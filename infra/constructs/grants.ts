import { ArnFormat, Aws, Fn, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { EVENT_SOURCE } from '../../src/contracts/events.ts';
import { ARCHIVE_SECRET_PREFIX, PARAMETERS } from '../../src/contracts/parameters.ts';
import { OBJECT_PATTERNS } from '../object-patterns.ts';
import { acknowledgeWildcards } from './acknowledge.ts';
import type { Foundation } from './foundation.ts';

/**
 * Permissions by capability, each as narrow as its service allows. No action holds a wildcard; where a resource
 * must hold one, the reason stands beside it and goes into the validation report.
 */
interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Record<string, Record<string, unknown>>;
  /** Needed when a resource holds a wildcard. */
  readonly wildcardReason?: string;
}

function grant(role: Role, { actions, resources, conditions, wildcardReason }: Grant): void {
  role.addToPolicy(
    new PolicyStatement({
      actions: [...actions],
      resources: [...resources],
      ...(conditions ? { conditions } : {}),
    }),
  );
  if (wildcardReason) acknowledgeWildcards(role, resources, wildcardReason);
}

/** `delete`: read and write, and take away; only members are ever removed by request. */
export type RecordAccess = 'read' | 'write' | 'delete';

/** Records by key and through the two indexes; nobody may scan. A transaction needs what each of its items needs. */
export function grantRecords(role: Role, foundation: Foundation, access: RecordAccess): void {
  const { tableArn, tableIndexArns } = foundation;
  grant(role, { actions: ['dynamodb:GetItem'], resources: [tableArn] });
  grant(role, { actions: ['dynamodb:Query'], resources: [tableArn, ...tableIndexArns] });
  if (access !== 'read') {
    grant(role, { actions: ['dynamodb:PutItem'], resources: [tableArn] });
  }
  if (access === 'delete') {
    grant(role, { actions: ['dynamodb:DeleteItem'], resources: [tableArn] });
  }
}

/** Keys of objects as patterns, with a wildcard for the project and one at the end. */
export interface ObjectAccess {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
}

const OBJECT_WILDCARDS =
  'objects are named by project and digest, so a prefix is as narrow as a policy of the function can be';

/**
 * Objects by prefix. Listing comes with it, because S3 answers 403 instead of 404 for a missing object to those
 * who may not list; where the request names a prefix, it must be one of these.
 */
export function grantObjects(
  role: Role,
  foundation: Foundation,
  { read = [], write = [] }: ObjectAccess,
): void {
  const arns = (patterns: readonly string[]) => patterns.map((p) => `${foundation.bucketArn}/${p}`);
  if (read.length > 0) {
    grant(role, {
      actions: ['s3:GetObject'],
      resources: arns(read),
      wildcardReason: OBJECT_WILDCARDS,
    });
  }
  if (write.length > 0) {
    grant(role, {
      actions: ['s3:PutObject'],
      resources: arns(write),
      wildcardReason: OBJECT_WILDCARDS,
    });
  }
  if (write.includes(OBJECT_PATTERNS.work)) {
    grant(role, {
      actions: ['s3:PutObjectTagging', 's3:AbortMultipartUpload'],
      resources: arns([OBJECT_PATTERNS.work]),
      wildcardReason: OBJECT_WILDCARDS,
    });
  }
  grant(role, {
    actions: ['s3:ListBucket'],
    resources: [foundation.bucketArn],
    conditions: { StringLikeIfExists: { 's3:prefix': [...new Set([...read, ...write])] } },
  });
}

/** The key that encrypts bucket, table, queues and logs. */
export function grantDataKey(role: Role, foundation: Foundation): void {
  grant(role, {
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resources: [foundation.key.keyArn],
  });
}

/** Address and credentials of the configured archives. */
export function grantArchives(role: Role, foundation: Foundation): void {
  const stack = Stack.of(role);
  const ids = foundation.config.archives.map(({ id }) => id);
  const parameter = (name: string) =>
    stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.replace(/^\//, '') });
  grant(role, {
    actions: ['ssm:GetParametersByPath', 'ssm:GetParameter'],
    resources: [
      parameter(PARAMETERS.archives),
      ...ids.map((id) => parameter(`${PARAMETERS.archives}/${id}`)),
    ],
  });
  const secret = (name: string) =>
    stack.formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: name,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  grant(role, {
    actions: ['secretsmanager:GetSecretValue'],
    // Secrets Manager ends the ARN with a dash and six characters of its own.
    resources: ids.map((id) => `${secret(`${ARCHIVE_SECRET_PREFIX}${id}`)}-??????`),
  });
}

export function grantSendMessages(role: Role, queueArn: string): void {
  grant(role, { actions: ['sqs:SendMessage'], resources: [queueArn] });
}

export interface WorkflowAccess {
  readonly start?: readonly string[];
  /** ARNs of machines whose executions may be looked at and stopped. */
  readonly steer?: readonly string[];
}

/** State machines by ARN; their executions have ARNs that only exist once they run. */
export function grantWorkflows(role: Role, { start = [], steer = [] }: WorkflowAccess): void {
  if (start.length > 0) {
    grant(role, { actions: ['states:StartExecution'], resources: start });
  }
  if (steer.length > 0) {
    grant(role, {
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      resources: steer.map(executionsOf),
      wildcardReason: 'the executions of one machine; each gets its ARN when it starts',
    });
  }
}

/** `arn:..:stateMachine:NAME` -> `arn:..:execution:NAME:*`, also while the ARN is only known to CloudFormation. */
function executionsOf(machineArn: string): string {
  const part = (i: number) => Fn.select(i, Fn.split(':', machineArn));
  return `arn:aws:states:${Aws.REGION}:${Aws.ACCOUNT_ID}:execution:${part(6)}:*`;
}

export type JobAccess = 'describe' | 'terminate';

/** Batch jobs: their ids are made when they are submitted, and DescribeJobs knows no resources at all. */
export function grantJobs(role: Role, access: readonly JobAccess[]): void {
  grant(role, {
    actions: ['batch:DescribeJobs'],
    resources: ['*'],
    wildcardReason: 'batch:DescribeJobs supports no resource-level permission',
  });
  if (access.includes('terminate')) {
    grant(role, {
      actions: ['batch:TerminateJob'],
      resources: [Stack.of(role).formatArn({ service: 'batch', resource: 'job', resourceName: '*' })],
      wildcardReason: 'a job gets its ARN when it is submitted',
    });
  }
}

/** Streams of one log group. */
export function grantReadLogs(role: Role, logGroupName: string): void {
  grant(role, {
    actions: ['logs:GetLogEvents'],
    resources: [
      Stack.of(role).formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName: `${logGroupName}:log-stream:*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    wildcardReason: 'every job writes a stream of its own',
  });
}

/** Events of the product on the account's default bus. */
export function grantPutEvents(role: Role): void {
  grant(role, {
    actions: ['events:PutEvents'],
    resources: [
      Stack.of(role).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' }),
    ],
    conditions: { StringEquals: { 'events:source': EVENT_SOURCE } },
  });
}

export function grantAssumeRole(role: Role, roleArn: string): void {
  grant(role, { actions: ['sts:AssumeRole'], resources: [roleArn] });
}

/** Traces of a function; X-Ray knows no resources. */
export function grantTracing(role: Role): void {
  grant(role, {
    actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    resources: ['*'],
    wildcardReason: 'X-Ray supports no resource-level permission',
  });
}
