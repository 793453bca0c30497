import { RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge, COMPLIANCE_PACKS } from './acknowledge.ts';
import type { Foundation } from './foundation.ts';
import { ROLE_POLICY_REASON } from './stage-function.ts';

/**
 * Where job hosts live: public subnets, nothing listening, free gateway endpoints for S3 and DynamoDB. There is no
 * NAT gateway and no interface endpoint, so that the network costs nothing while no job runs.
 */
export class PublicNetwork extends Construct {
  readonly vpc: IVpc;

  constructor(scope: Construct, id: string, { config, key }: Foundation) {
    super(scope, id);
    // The CDK's class declares optional members more loosely than its interface, which our compiler minds.
    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.20.0.0/16'),
      maxAzs: config.availabilityZones,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: 'jobs', subnetType: SubnetType.PUBLIC, cidrMask: 20 }],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    }) as IVpc;
    const flowLogs = this.vpc.addFlowLog('FlowLog', {
      destination: FlowLogDestination.toCloudWatchLogs(
        new LogGroup(this, 'FlowLogs', {
          retention: config.logRetentionDays,
          encryptionKey: key,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      ),
    });
    acknowledge(flowLogs, COMPLIANCE_PACKS, 'IAMNoInlinePolicy', ROLE_POLICY_REASON);
    for (const [rule, reason] of [
      [
        'VPCDefaultSecurityGroupClosed',
        'nothing is placed in the default group; job hosts have their own, without ingress',
      ],
      [
        'VPCSubnetAutoAssignPublicIpDisabled',
        'job hosts reach AWS without a NAT gateway that costs when idle; they accept nothing',
      ],
      ['VPCNoUnrestrictedRouteToIGW', 'the way out for job hosts; ingress is closed by their security group'],
    ] as const) {
      acknowledge(this.vpc, COMPLIANCE_PACKS, rule, reason);
    }
  }
}
