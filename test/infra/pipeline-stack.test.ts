import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { synthesise } from '../helpers/synthesise.ts';

const { Pipeline: template } = synthesise('aws');

describe('events in', () => {
  it('takes the manifest of an upload as the only trigger', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: Match.objectLike({ object: { key: [{ wildcard: 'incoming/*/*/_COMPLETE.json' }] } }),
      }),
    });
  });

  it('bounds how many hints are routed at a time and reports single failures', () => {
    template.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: Match.anyValue() },
    });
  });

  it.each([
    ['Step Functions Execution Status Change', 'stateMachineArn', 4],
    ['Batch Job State Change', 'jobQueue', 2],
    ['Batch Job Queue Blocked', 'jobQueueArn', 2],
  ])('hears of "%s" of our own resources', (detailType, key, count) => {
    const rules = template.findResources('AWS::Events::Rule', {
      Properties: { EventPattern: Match.objectLike({ 'detail-type': [detailType] }) },
    });
    const [rule] = Object.values(rules);
    expect(rule?.Properties.EventPattern.detail[key]).toHaveLength(count);
  });

  it.each([
    ['rate(15 minutes)', 'archives'],
    ['rate(5 minutes)', 'budgets'],
  ])('looks again at %s: %s', (ScheduleExpression, about) => {
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression,
      Description: Match.stringLikeRegexp(about),
    });
  });
});

describe('what must not be lost', () => {
  it('gives every target of a rule a dead letter queue', () => {
    for (const { Properties } of Object.values(template.findResources('AWS::Events::Rule'))) {
      for (const target of Properties.Targets) expect(target).toHaveProperty('DeadLetterConfig');
    }
  });

  it('gives every queue that is no dead letter queue one of its own', () => {
    const queues = template.findResources('AWS::SQS::Queue');
    const deadLetters = new Set(
      Object.values(queues).flatMap(({ Properties }) =>
        Properties.RedrivePolicy ? [Properties.RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'][0]] : [],
      ),
    );
    for (const [id, { Properties }] of Object.entries(queues)) {
      if (!Properties.RedrivePolicy && !id.includes('DeadLetters')) throw new Error(`${id} loses what fails`);
    }
    expect(deadLetters.size).toBe(2);
  });

  it('lets a message be invisible for six times as long as its consumer may run', () => {
    const functions = template.findResources('AWS::Lambda::Function');
    const queues = template.findResources('AWS::SQS::Queue');
    for (const { Properties } of Object.values(template.findResources('AWS::Lambda::EventSourceMapping'))) {
      const consumer = functions[Properties.FunctionName.Ref];
      const queue = queues[Properties.EventSourceArn['Fn::GetAtt'][0]];
      expect(queue?.Properties.VisibilityTimeout).toBe(consumer?.Properties.Timeout * 6);
    }
  });
});
