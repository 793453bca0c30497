import { Duration } from 'aws-cdk-lib';
import type { JobQueue } from 'aws-cdk-lib/aws-batch';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { DeploymentConfig } from '../config.ts';
import { createComputeEnvironment, createJobQueue, JobHosts } from './compute-environment.ts';

export interface TrainingQueuesProps {
  readonly config: DeploymentConfig;
  readonly vpc: IVpc;
}

/**
 * Two queues: training on GPUs (Spot first, On-Demand when there is none), and the imaging stages that are too big
 * for a function on CPUs. In a CPU-only deployment both use the CPU hosts.
 */
export class TrainingQueues extends Construct {
  readonly training: JobQueue;
  readonly stages: JobQueue;

  constructor(scope: Construct, id: string, { config: { training, ...config }, vpc }: TrainingQueuesProps) {
    super(scope, id);
    const hosts = new JobHosts(this, 'Hosts', vpc, { training, ...config });
    const stuckAfter = Duration.minutes(training.stuckJobMinutes);
    const cpu = createComputeEnvironment(this, 'Cpu', {
      hosts,
      instanceTypes: training.cpuInstanceTypes,
      maxVcpus: training.maxCpuVcpus,
      gpu: false,
      spot: false,
    });
    const gpu = (spot: boolean) =>
      createComputeEnvironment(this, spot ? 'GpuSpot' : 'GpuOnDemand', {
        hosts,
        instanceTypes: training.gpuInstanceTypes,
        maxVcpus: training.maxGpuVcpus,
        gpu: true,
        spot,
      });
    const trainingHosts = training.cpuOnly ? [cpu] : [gpu(true), gpu(false)];
    this.training = createJobQueue(this, 'Training', trainingHosts, stuckAfter);
    this.stages = createJobQueue(this, 'Stages', [cpu], stuckAfter);
  }
}
