import { Duration, Tags } from 'aws-cdk-lib';
import {
  EcsMachineImageType,
  JobQueue,
  JobStateTimeLimitActionsReason,
  ManagedEc2EcsComputeEnvironment,
} from 'aws-cdk-lib/aws-batch';
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  type IVpc,
  LaunchTemplate,
  MultipartBody,
  MultipartUserData,
  SecurityGroup,
  SubnetType,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { DeploymentConfig } from '../config.ts';
import { acknowledge } from './acknowledge.ts';

/**
 * Settings of the container agent. A reclaimed Spot host gives two minutes: draining passes the notice on as
 * SIGTERM, and the job may take 110 seconds to write its checkpoint before it is killed.
 */
const AGENT_SETTINGS = ['ECS_ENABLE_SPOT_INSTANCE_DRAINING=true', 'ECS_CONTAINER_STOP_TIMEOUT=110s'];

/** What the hosts of all compute environments share: launch template, security group, role. */
export class JobHosts extends Construct {
  readonly launchTemplate: LaunchTemplate;
  readonly securityGroup: SecurityGroup;
  readonly role: Role;
  readonly vpc: IVpc;

  constructor(scope: Construct, id: string, vpc: IVpc, config: DeploymentConfig) {
    super(scope, id);
    this.vpc = vpc;
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Contourflow job hosts: outgoing only',
      allowAllOutbound: true,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [
        ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonEC2ContainerServiceforEC2Role'),
      ],
    });
    acknowledge(
      this.role,
      ['AwsSolutions'],
      'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]',
      'the container agent’s own policy; AWS extends it with the agent, and jobs cannot reach it (IMDSv2, one hop)',
    );
    this.launchTemplate = new LaunchTemplate(this, 'LaunchTemplate', {
      requireImdsv2: true,
      httpPutResponseHopLimit: 1,
      userData: agentUserData(),
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(config.training.diskGib, {
            encrypted: true,
            volumeType: EbsDeviceVolumeType.GP3,
            deleteOnTermination: true,
          }),
        },
      ],
    });
    Tags.of(this.launchTemplate).add('Name', 'contourflow-job-host');
  }
}

function agentUserData(): MultipartUserData {
  const script = UserData.forLinux();
  script.addCommands(...AGENT_SETTINGS.map((line) => `echo ${line} >> /etc/ecs/ecs.config`));
  const userData = new MultipartUserData();
  userData.addPart(MultipartBody.fromUserData(script));
  return userData;
}

export interface ComputeEnvironmentProps {
  readonly hosts: JobHosts;
  readonly instanceTypes: readonly string[];
  readonly maxVcpus: number;
  readonly gpu: boolean;
  readonly spot: boolean;
}

/** Hosts that exist while jobs wait or run, and not otherwise. */
export function createComputeEnvironment(
  scope: Construct,
  id: string,
  { hosts, instanceTypes, maxVcpus, gpu, spot }: ComputeEnvironmentProps,
): ManagedEc2EcsComputeEnvironment {
  return new ManagedEc2EcsComputeEnvironment(scope, id, {
    vpc: hosts.vpc,
    vpcSubnets: { subnetType: SubnetType.PUBLIC },
    securityGroups: [hosts.securityGroup],
    launchTemplate: hosts.launchTemplate,
    instanceRole: hosts.role,
    instanceTypes: instanceTypes.map((type) => new InstanceType(type)),
    useOptimalInstanceClasses: false,
    // Named, because the default for GPU instances is still the Amazon Linux 2 image.
    images: [{ imageType: gpu ? EcsMachineImageType.ECS_AL2023_NVIDIA : EcsMachineImageType.ECS_AL2023 }],
    spot,
    minvCpus: 0,
    maxvCpus: maxVcpus,
    updateToLatestImageVersion: true,
    terminateOnUpdate: false,
    updateTimeout: Duration.hours(24),
  });
}

/** A queue over compute environments in their order; a job at its head that no host can take is given up. */
export function createJobQueue(
  scope: Construct,
  id: string,
  environments: readonly ManagedEc2EcsComputeEnvironment[],
  stuckAfter: Duration,
): JobQueue {
  return new JobQueue(scope, id, {
    computeEnvironments: environments.map((computeEnvironment, i) => ({ computeEnvironment, order: i + 1 })),
    jobStateTimeLimitActions: [
      JobStateTimeLimitActionsReason.INSUFFICIENT_INSTANCE_CAPACITY,
      JobStateTimeLimitActionsReason.COMPUTE_ENVIRONMENT_MAX_RESOURCE,
      JobStateTimeLimitActionsReason.JOB_RESOURCE_REQUIREMENT,
    ].map((reason) => ({ reason, maxTime: stuckAfter })),
  });
}
