import { describe, expect, it } from '@jest/globals';
import type { DeployedStack } from '../helpers/cloudformation-values.ts';
import {
  evaluateCalls,
  type PolicyDocument,
  type RecordedCall,
  readPolicies,
} from '../helpers/iam-evaluator.ts';

const surroundings = {
  accountId: '000000000000',
  region: 'us-east-1',
  parameters: { '/contourflow/data/bucket': 'data-bucket' },
};
const ROLE = 'arn:aws:iam::000000000000:role/role-1';

/** One role with one policy in the form that the CDK writes. */
function stackWith(...statements: unknown[]): Record<string, DeployedStack> {
  return {
    Pipeline: {
      template: {
        Parameters: {
          BucketParameter: {
            Type: 'AWS::SSM::Parameter::Value<String>',
            Default: '/contourflow/data/bucket',
          },
        },
        Resources: {
          Role: { Type: 'AWS::IAM::Role', Properties: {} },
          Queue: { Type: 'AWS::SQS::Queue', Properties: {} },
          Policy: {
            Type: 'AWS::IAM::Policy',
            Properties: { PolicyDocument: { Statement: statements }, Roles: [{ Ref: 'Role' }] },
          },
          QueuePolicy: {
            Type: 'AWS::SQS::QueuePolicy',
            Properties: {
              PolicyDocument: {
                Statement: [
                  {
                    Effect: 'Allow',
                    Action: 'sqs:SendMessage',
                    Principal: { Service: 'events.amazonaws.com' },
                    Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] },
                    Condition: {
                      ArnEquals: { 'aws:SourceArn': 'arn:aws:events:us-east-1:000000000000:rule/uploads' },
                    },
                  },
                ],
              },
            },
          },
        },
      },
      physicalIds: { Role: 'role-1', Queue: 'http://127.0.0.1:4566/000000000000/queue-1' },
    },
  };
}

const bucket = (suffix: string) => ({
  'Fn::Join': ['', ['arn:aws:s3:::', { Ref: 'BucketParameter' }, suffix]],
});
const allow = (Action: unknown, Resource: unknown, Condition?: unknown) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition ? { Condition } : {}),
});
const call = (action: string, resource: string, sessionPolicy?: PolicyDocument): RecordedCall => ({
  principal: { kind: 'lambda', name: 'f', roleArn: ROLE, ...(sessionPolicy ? { sessionPolicy } : {}) },
  action,
  resources: [resource],
});
const evaluate = (stacks: Record<string, DeployedStack>, ...calls: RecordedCall[]) =>
  evaluateCalls(readPolicies(stacks, surroundings), calls);

describe('evaluateCalls', () => {
  const reading = stackWith(allow(['s3:GetObject', 's3:PutObject'], bucket('/projects/*/blobs/*')));

  it('allows an action on a resource that a statement names with a wildcard', () => {
    const { denied } = evaluate(reading, call('s3:GetObject', 'arn:aws:s3:::data-bucket/projects/P/blobs/a'));
    expect(denied).toEqual([]);
  });

  it('denies the same action outside the prefix', () => {
    const resource = 'arn:aws:s3:::data-bucket/projects/P/runs/a';
    const { denied } = evaluate(reading, call('s3:GetObject', resource));
    expect(denied).toEqual([{ role: ROLE, action: 's3:GetObject', resource, missingIn: 'role' }]);
  });

  it('denies an action that no statement names', () => {
    const { denied } = evaluate(
      reading,
      call('s3:DeleteObject', 'arn:aws:s3:::data-bucket/projects/P/blobs/a'),
    );
    expect(denied).toHaveLength(1);
  });

  it('denies a role that no template makes', () => {
    const stranger: RecordedCall = {
      principal: { kind: 'batch', name: 'j', roleArn: 'arn:aws:iam::000000000000:role/other' },
      action: 's3:GetObject',
      resources: ['*'],
    };
    expect(evaluate(reading, stranger).denied[0]?.missingIn).toBe('templates');
  });

  it('holds a session to the narrower of role and session policy', () => {
    const session = {
      Statement: [
        { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data-bucket/projects/P/*' },
      ],
    } satisfies PolicyDocument;
    const inside = call('s3:GetObject', 'arn:aws:s3:::data-bucket/projects/P/blobs/a', session);
    const outside = call('s3:GetObject', 'arn:aws:s3:::data-bucket/projects/Q/blobs/a', session);
    const { denied } = evaluate(reading, inside, outside);
    expect(denied.map(({ resource, missingIn }) => [resource, missingIn])).toEqual([
      ['arn:aws:s3:::data-bucket/projects/Q/blobs/a', 'session policy'],
    ]);
  });

  it('denies what an unconditional Deny names, whatever else allows it', () => {
    const stacks = stackWith(allow('s3:*', '*'), {
      Effect: 'Deny',
      Action: 's3:DeleteObject',
      Resource: '*',
    });
    expect(evaluate(stacks, call('s3:DeleteObject', 'arn:aws:s3:::b/k')).denied).toHaveLength(1);
  });

  it('lets a rule send to the queue whose policy names it, and no other rule', () => {
    const send = (rule: string): RecordedCall => ({
      principal: {
        kind: 'events',
        name: `arn:aws:events:us-east-1:000000000000:rule/${rule}`,
        roleArn: null,
      },
      action: 'sqs:SendMessage',
      resources: ['arn:aws:sqs:us-east-1:000000000000:queue-1'],
    });
    expect(evaluate(reading, send('uploads')).denied).toEqual([]);
    expect(evaluate(reading, send('others')).denied[0]?.missingIn).toBe('resource policy');
  });

  it('reports each action of a statement that no call needed', () => {
    const { unused } = evaluate(reading, call('s3:GetObject', 'arn:aws:s3:::data-bucket/projects/P/blobs/a'));
    expect(unused).toEqual([
      {
        role: ROLE,
        action: 's3:PutObject',
        resources: ['arn:aws:s3:::data-bucket/projects/*/blobs/*'],
        origin: 'Pipeline/Policy',
      },
    ]);
  });

  it('does not report what the emulator could not have recorded', () => {
    const { unused } = evaluate(stackWith(allow(['kms:Decrypt', 'xray:PutTraceSegments'], '*')));
    expect(unused).toEqual([]);
  });

  it('leaves out what a person did at the keyboard', () => {
    const person: RecordedCall = {
      principal: { kind: 'user', name: 'user', roleArn: null },
      action: 'iam:DeleteRole',
      resources: ['*'],
    };
    expect(evaluate(reading, person).denied).toEqual([]);
  });
});

describe('readPolicies', () => {
  it('refuses an intrinsic function that it does not know rather than guess', () => {
    expect(() => evaluate(stackWith(allow('s3:GetObject', { 'Fn::ImportValue': 'x' })))).toThrow(
      /Fn::ImportValue/,
    );
  });
});
