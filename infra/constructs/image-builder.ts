import type { Project } from 'aws-cdk-lib/aws-codebuild';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { CustomResourceFunction } from './custom-resource-function.ts';
import { DeadLetterQueue } from './durable-queue.ts';
import type { Foundation } from './foundation.ts';

/** Starts image builds for CloudFormation and answers it when CodeBuild reports their end. */
export class ImageBuilder extends Construct {
  readonly handler: CustomResourceFunction;
  readonly foundation: Foundation;
  private readonly projects: string[] = [];

  constructor(scope: Construct, id: string, foundation: Foundation) {
    super(scope, id);
    this.foundation = foundation;
    this.handler = new CustomResourceFunction(this, 'build-image', foundation);
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', foundation, 'ended image builds');
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
    rule.addTarget(
      new LambdaFunction(this.handler.function, { retryAttempts: 3, deadLetterQueue: deadLetters.queue }),
    );
  }

  /** Lets the builder start and read builds of a project, and listen to their end. */
  watch(project: Project): void {
    this.projects.push(project.projectName);
    this.handler.allow(['codebuild:StartBuild', 'codebuild:BatchGetBuilds'], [project.projectArn]);
  }
}
