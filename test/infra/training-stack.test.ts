import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { synthesise } from '../helpers/synthesise.ts';

const { Training: template } = synthesise('aws');

describe('compute environments', () => {
  const gpu = (type: 'SPOT' | 'EC2') =>
    template.findResources('AWS::Batch::ComputeEnvironment', {
      Properties: {
        ComputeResources: Match.objectLike({
          Type: type,
          MinvCpus: 0,
          Ec2Configuration: [Match.objectLike({ ImageType: 'ECS_AL2023_NVIDIA' })],
        }),
      },
    });

  it('runs GPU jobs on Spot hosts first and on On-Demand hosts second', () => {
    const [spot] = Object.keys(gpu('SPOT'));
    const [onDemand] = Object.keys(gpu('EC2'));
    template.hasResourceProperties('AWS::Batch::JobQueue', {
      ComputeEnvironmentOrder: [
        { Order: 1, ComputeEnvironment: { 'Fn::GetAtt': [spot, 'ComputeEnvironmentArn'] } },
        { Order: 2, ComputeEnvironment: { 'Fn::GetAtt': [onDemand, 'ComputeEnvironmentArn'] } },
      ],
    });
  });

  it('has no host while no job waits', () => {
    template.allResourcesProperties('AWS::Batch::ComputeEnvironment', {
      ComputeResources: Match.objectLike({ MinvCpus: 0 }),
    });
  });

  it('never falls back to instance types that nobody chose', () => {
    expect(JSON.stringify(template.findResources('AWS::Batch::ComputeEnvironment'))).not.toContain('optimal');
  });

  it('gives up a job that no host can take, for each of the three reasons', () => {
    template.allResourcesProperties('AWS::Batch::JobQueue', {
      JobStateTimeLimitActions: [
        'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
        'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE',
        'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT',
      ].map((Reason) => Match.objectLike({ Reason, State: 'RUNNABLE', Action: 'CANCEL' })),
    });
  });

  it('trains on the CPU queue in a CPU-only deployment, and plans no GPU', () => {
    const { Training: cpuOnly } = synthesise('aws', { training: { cpuOnly: true } });
    expect(JSON.stringify(cpuOnly.findResources('AWS::Batch::ComputeEnvironment'))).not.toContain('NVIDIA');
    cpuOnly.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ CONTOURFLOW_JOB_GPUS: '0' }) },
    });
  });
});

describe('launch template', () => {
  const [launchTemplate] = Object.values(template.findResources('AWS::EC2::LaunchTemplate'));
  const data = launchTemplate?.Properties.LaunchTemplateData;

  it.each(['ECS_CONTAINER_STOP_TIMEOUT=110s', 'ECS_ENABLE_SPOT_INSTANCE_DRAINING=true'])(
    'sets %s',
    (setting) => {
      expect(JSON.stringify(data.UserData)).toContain(`echo ${setting} >> /etc/ecs/ecs.config`);
    },
  );

  it('is a multipart document, which Batch needs to add its own part', () => {
    expect(JSON.stringify(data.UserData)).toContain('MIME-Version: 1.0');
  });

  it('asks for IMDSv2 within one hop and an encrypted gp3 disk of at least 100 GiB', () => {
    expect(data.MetadataOptions).toMatchObject({ HttpTokens: 'required', HttpPutResponseHopLimit: 1 });
    const { Encrypted, VolumeType, VolumeSize } = data.BlockDeviceMappings[0].Ebs;
    expect({ Encrypted, VolumeType }).toEqual({ Encrypted: true, VolumeType: 'gp3' });
    expect(VolumeSize).toBeGreaterThanOrEqual(100);
  });
});

describe('job definitions', () => {
  const definition = (command: string[]) => ({
    RetryStrategy: {
      Attempts: 5,
      EvaluateOnExit: [
        { Action: 'RETRY', OnStatusReason: 'Host EC2*' },
        { Action: 'RETRY', OnExitCode: '75' },
        // Before 137, by which a container without memory ends, too.
        { Action: 'EXIT', OnReason: 'OutOfMemoryError*' },
        { Action: 'RETRY', OnExitCode: '137' },
        { Action: 'RETRY', OnReason: 'CannotPullContainerError:*' },
        { Action: 'EXIT', OnReason: '*' },
      ],
    },
    ContainerProperties: Match.objectLike({ Command: command }),
  });

  it('retries lost hosts, resumable exits and failed pulls, and nothing else', () => {
    template.hasResourceProperties(
      'AWS::Batch::JobDefinition',
      definition(['python', '-m', 'contourflow_trainer', 'Ref::action', '--spec', 'Ref::specKey']),
    );
    template.hasResourceProperties(
      'AWS::Batch::JobDefinition',
      definition(
        'node src/cli/main.ts run-stage Ref::stage --input Ref::inputKey --output Ref::outputKey'.split(' '),
      ),
    );
  });

  it('gives a job a role that can ask the broker and do nothing else', () => {
    const roles = Object.values(template.findResources('AWS::Batch::JobDefinition')).map(
      ({ Properties }) => Properties.ContainerProperties.JobRoleArn['Fn::GetAtt'][0] as string,
    );
    for (const role of roles) {
      const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
        Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role),
      );
      const actions = policies.flatMap(({ Properties }) =>
        Properties.PolicyDocument.Statement.flatMap(({ Action }: { Action: string | string[] }) => Action),
      );
      expect(actions).toEqual(['lambda:InvokeFunction']);
    }
  });

  it('takes an image that we build by its digest, and one that is given by its address', () => {
    const images = (of: typeof template) =>
      Object.values(of.findResources('AWS::Batch::JobDefinition')).map(({ Properties }) =>
        JSON.stringify(Properties.ContainerProperties.Image),
      );
    for (const image of images(template)) expect(image).toMatch(/"@".*"Digest"/);
    const given = synthesise('aws', {
      images: { trainerUri: 'example.org/t:1', stageRunnerUri: 'example.org/s:1' },
    });
    expect(images(given.Training).sort()).toEqual(['"example.org/s:1"', '"example.org/t:1"']);
    given.Training.resourceCountIs('AWS::CodeBuild::Project', 0);
  });
});

describe('network and roles', () => {
  it('lets nothing in and has no NAT gateway or interface endpoint', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    template.allResourcesProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
    template.allResourcesProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
  });

  it('lets job credentials use the key through S3 only', () => {
    const statements = Object.entries(template.findResources('AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith('JobDataRole'))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
    const onKey = statements.filter(({ Action }) => JSON.stringify(Action).includes('kms:Decrypt'));
    expect(onKey).toHaveLength(1);
    expect(JSON.stringify(onKey[0].Condition)).toContain('kms:ViaService');
  });

  it('lets the broker and nobody else assume the data role', () => {
    const [broker] = Object.keys(
      template.findResources('AWS::IAM::Role', {
        Properties: { Description: 'Contourflow broker-credentials' },
      }),
    );
    template.hasResourceProperties('AWS::IAM::Role', {
      Description: Match.stringLikeRegexp('data of jobs'),
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: { AWS: { 'Fn::GetAtt': [broker, 'Arn'] } },
          },
        ],
      },
    });
  });
});
