import { describe, expect, it } from '@jest/globals';
import { PARAMETERS } from '../../src/contracts/parameters.ts';
import { STACKS, synthesise } from '../helpers/synthesise.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, never>;
}
const templates = synthesise('aws');
const resources = (type: string): [string, Resource][] =>
  STACKS.flatMap((stack) =>
    Object.entries(templates[stack].findResources(type) as Record<string, Resource>).map(
      ([id, resource]) => [`${stack}/${id}`, resource] as [string, Resource],
    ),
  );

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}
const statements = resources('AWS::IAM::Policy').flatMap(([id, { Properties }]) => {
  const document = Properties?.PolicyDocument as { Statement: Statement[] } | undefined;
  return (document?.Statement ?? []).map((statement) => ({ id, ...statement }));
});

describe('roles', () => {
  it('are one per function', () => {
    const roles = resources('AWS::Lambda::Function').map(([id, { Properties }]) =>
      [id.split('/')[0], JSON.stringify(Properties?.Role)].join('/'),
    );
    expect(new Set(roles).size).toBe(roles.length);
    expect(roles.length).toBeGreaterThan(26);
  });

  it('hold no action with a wildcard', () => {
    const wild = statements.filter(({ Action }) => [Action].flat().some((action) => action.includes('*')));
    expect(wild).toEqual([]);
  });

  it('name every resource, except for services that know none', () => {
    const everywhere = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);
    expect([...new Set(everywhere)].sort()).toEqual([
      'batch:DescribeJobs',
      'ecr:GetAuthorizationToken',
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('never scan the table', () => {
    expect(statements.flatMap(({ Action }) => Action)).not.toContain('dynamodb:Scan');
  });
});

describe('functions', () => {
  it.each(resources('AWS::Lambda::Function'))(
    '%s runs Node 24 on arm64, traced, in a new account’s memory',
    (_, f) => {
      expect(f.Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
      });
      expect(f.Properties?.MemorySize).toBeLessThanOrEqual(3_008);
      expect(f.Properties?.LoggingConfig).toBeDefined();
    },
  );
});

describe('logs, queues and topics', () => {
  it.each([
    ['AWS::Logs::LogGroup', 'KmsKeyId'],
    ['AWS::Logs::LogGroup', 'RetentionInDays'],
    ['AWS::SQS::Queue', 'KmsMasterKeyId'],
    ['AWS::SNS::Topic', 'KmsMasterKeyId'],
  ])('%s always has %s', (type, property) => {
    const without = resources(type).filter(([, { Properties }]) => Properties?.[property] === undefined);
    expect(without).toEqual([]);
  });
});

describe('alarms', () => {
  const alarms = resources('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties ?? {});

  it('ring for every dead letter queue', () => {
    const deadLetterQueues = resources('AWS::SQS::Queue').filter(([id]) => id.includes('DeadLetters'));
    const watched = alarms.filter(
      ({ MetricName, Threshold }) =>
        `${MetricName}` === 'ApproximateNumberOfMessagesVisible' && Number(Threshold) === 1,
    );
    expect(watched).toHaveLength(deadLetterQueues.length);
  });

  it('ring for failed and timed out executions of every state machine', () => {
    const machines = resources('AWS::StepFunctions::StateMachine').length;
    for (const name of ['ExecutionsFailed', 'ExecutionsTimedOut']) {
      expect(alarms.filter(({ MetricName }) => `${MetricName}` === name)).toHaveLength(machines);
    }
  });

  it('say where to read on and whom to tell', () => {
    for (const { AlarmDescription, AlarmActions } of alarms) {
      expect(AlarmDescription).toMatch(/What to do: https:\/\/\S+#[a-z-]+$/);
      expect(AlarmActions).toHaveLength(1);
    }
  });
});

describe('stacks', () => {
  it('share names through SSM and export nothing', () => {
    for (const stack of STACKS) {
      expect(JSON.stringify(templates[stack].toJSON())).not.toContain('Fn::ImportValue');
      for (const output of Object.values(templates[stack].findOutputs('*'))) {
        expect(output).not.toHaveProperty('Export');
      }
    }
  });

  it('read only parameters that an earlier stack wrote', () => {
    const written = new Set<string>();
    for (const stack of STACKS) {
      const parameters = Object.values(templates[stack].toJSON().Parameters ?? {}) as { Default?: string }[];
      for (const { Default } of parameters) {
        if (Default?.startsWith('/contourflow/')) expect([...written]).toContain(Default);
      }
      for (const { Properties } of Object.values(templates[stack].findResources('AWS::SSM::Parameter'))) {
        written.add(Properties.Name);
      }
    }
    const { archives, ...named } = PARAMETERS;
    expect([...written].sort()).toEqual(Object.values(named).sort());
    expect(archives).toBe('/contourflow/archives');
  });

  it('tag what they make', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::Lambda::Function', 'AWS::SQS::Queue', 'AWS::IAM::Role']) {
      for (const [, { Properties }] of resources(type)) {
        expect(Properties?.Tags).toEqual(
          expect.arrayContaining([{ Key: 'application', Value: 'contourflow' }]),
        );
      }
    }
  });

  it('show operators a dashboard, saved queries and a budget', () => {
    templates.Operations.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
    templates.Operations.resourceCountIs('AWS::Logs::QueryDefinition', 4);
    templates.Operations.resourceCountIs('AWS::Budgets::Budget', 1);
    const body = JSON.stringify(templates.Operations.findResources('AWS::CloudWatch::Dashboard'));
    for (const title of [
      'Events in',
      'Cases',
      'Runs by state',
      'Age of the oldest message',
      'Failures by stage',
      'Cost of running jobs',
    ]) {
      expect(body).toContain(title);
    }
  });
});
