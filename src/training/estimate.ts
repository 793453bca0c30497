import { type HostPrice, PRICES_AS_OF } from '../contracts/host-prices.ts';
import type { NetworkDefinition, Preprocessing, TrainingParameters } from '../contracts/training.ts';
import { dearestHost } from './dearest-host.ts';

/** What an estimate is made from. */
export interface TrainingSize {
  readonly network: NetworkDefinition;
  readonly patchSize: Preprocessing['patchSize'];
  readonly parameters: TrainingParameters;
  readonly trainingItems: number;
  readonly validationItems: number;
  /** That Batch may choose from. */
  readonly hosts: readonly HostPrice[];
}

export interface Estimate {
  readonly estimateUsd: number;
  readonly hours: number;
  readonly explanation: string;
}

/**
 * Floating-point work that a mid-range training GPU (A10G class) gets done per second on small 3D convolutions:
 * far below its peak, because memory bounds them. A guess on the careful side.
 */
const SUSTAINED_FLOPS = 5e11;
/** Cutting out and augmenting a patch on the host, which a small machine's GPU waits for. */
const PREPARATION_SECONDS_PER_VOXEL = 1e-7;
/** Backward pass costs about twice the forward one. */
const TRAINING_FACTOR = 3;
/** A volume in validation is about as many windows as this many patches, forward only. */
const WINDOWS_PER_VOLUME = 27;
/** Starting a machine, pulling the image and reading the data once. */
const START_HOURS = 0.15;

/**
 * A guess at the cost of a run, with what it rests on. Meant to tell 1 USD from 100 USD before anything starts.
 */
export function estimateTraining(size: TrainingSize): Estimate {
  const { maxEpochs, patchesPerVolume, validationInterval } = size.parameters;
  const forward = forwardFlops(size.network, size.patchSize);
  const patches = maxEpochs * size.trainingItems * patchesPerVolume;
  const windows = Math.ceil(maxEpochs / validationInterval) * size.validationItems * WINDOWS_PER_VOLUME;
  const computing = (forward * (patches * TRAINING_FACTOR + windows)) / SUSTAINED_FLOPS;
  const preparing = patches * voxelsOf(size.patchSize) * PREPARATION_SECONDS_PER_VOXEL;
  const seconds = computing + preparing;
  const hours = roundUp(START_HOURS + seconds / 3600);
  const { instanceType, usdPerHour } = dearestHost(size.hosts);
  const estimateUsd = roundUp(hours * usdPerHour);
  return {
    estimateUsd,
    hours,
    explanation:
      `About ${hours} h on one ${instanceType} at ${usdPerHour} USD/h (${rank(size.hosts)}; on demand, prices of ${PRICES_AS_OF}) ` +
      `= about ${estimateUsd} USD: ${maxEpochs} epochs x ${size.trainingItems} training volumes x ${patchesPerVolume} patches of ` +
      `${size.patchSize.join(' x ')} voxels, ${Math.round(START_HOURS * 60)} minutes to start included. ` +
      'A guess, not a limit: the run stops at its budget. Spot machines are usually cheaper.',
  };
}

function rank(hosts: readonly HostPrice[]): string {
  if (hosts.length === 1) return 'the only host configured';
  return `the dearest of ${hosts.map(({ instanceType }) => instanceType).join(', ')}`;
}

/** Multiply-adds x 2 of one forward pass through the network's levels, encoder and decoder. */
function forwardFlops(network: NetworkDefinition, patchSize: readonly number[]): number {
  const voxels = voxelsOf(patchSize);
  const levels = network.name === 'UNet' ? unetLevels(network) : segResNetLevels(network);
  let shrink = 1;
  let flops = 0;
  for (const { channels, stride, convolutions } of levels) {
    shrink *= stride ** 3;
    flops += (voxels / shrink) * convolutions * 2 * 27 * channels ** 2;
  }
  return flops;
}

function voxelsOf(patchSize: readonly number[]): number {
  return patchSize.reduce((product, size) => product * size, 1);
}

interface Level {
  readonly channels: number;
  readonly stride: number;
  readonly convolutions: number;
}

/** MONAI's UNet strides already in its first level; encoder and decoder have the same units. */
function unetLevels(network: Extract<NetworkDefinition, { name: 'UNet' }>): Level[] {
  const convolutions = 2 * Math.max(1, network.numResUnits);
  return network.channels.map((channels, level) => ({
    channels,
    stride: network.strides[level] ?? 1,
    convolutions,
  }));
}

function segResNetLevels(network: Extract<NetworkDefinition, { name: 'SegResNet' }>): Level[] {
  return network.blocksDown.map((blocks, level) => ({
    channels: network.initFilters * 2 ** level,
    stride: level === 0 ? 1 : 2,
    convolutions: 2 * (blocks + (network.blocksUp[network.blocksUp.length - 1 - level] ?? 0)),
  }));
}

/** Two significant decimals, never down to zero. */
function roundUp(value: number): number {
  return Math.ceil(value * 100) / 100;
}
