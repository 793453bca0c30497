import { NetworkDefinition } from '../contracts/training.ts';
import { type BundleConfig, type ConfigObject, isObject, targetName } from './bundle-config.ts';

/** A network and how many channels its head has, background included. */
export interface BundleNetwork {
  readonly network: NetworkDefinition;
  readonly outChannels: number;
}

/** MONAI's argument -> the value that it must have (or be left at), because the definition has no place for it. */
type Fixed = Readonly<Record<string, unknown>>;

const UNET_FIXED: Fixed = {
  spatial_dims: 3,
  in_channels: 1,
  kernel_size: 3,
  up_kernel_size: 3,
  act: 'PRELU',
  bias: true,
  adn_ordering: 'NDA',
};
const SEG_RES_NET_FIXED: Fixed = {
  spatial_dims: 3,
  in_channels: 1,
  dropout_prob: null,
  use_conv_final: true,
  upsample_mode: 'nontrainable',
};
const REQUIRED = ['spatial_dims', 'in_channels', 'out_channels'] as const;

/**
 * Reads `network_def` as one of the networks that the trainer can build: plain numbers only, and no argument
 * that would change the network silently.
 *
 * @throws InvalidModel naming the argument, its value and what is accepted.
 */
export function readNetworkDefinition(config: BundleConfig): BundleNetwork {
  const component = config.value('network_def');
  if (!isObject(component)) {
    throw config.problem(
      '"network_def" is missing or not an object; state the network there, as MONAI Model Zoo bundles do',
    );
  }
  const name = targetName(component);
  const args = argumentsOf(config, component);
  switch (name) {
    case 'UNet':
      return unet(config, args);
    case 'SegResNet':
      return segResNet(config, args);
    default:
      throw config.problem(`the network "${name.slice(0, 80)}" is not supported; UNet and SegResNet are`);
  }
}

function unet(config: BundleConfig, args: ConfigObject): BundleNetwork {
  requireFixed(config, args, UNET_FIXED, [
    'out_channels',
    'channels',
    'strides',
    'num_res_units',
    'norm',
    'dropout',
  ]);
  const network = {
    name: 'UNet',
    channels: args.channels,
    strides: args.strides,
    numResUnits: args.num_res_units ?? 0,
    norm: normName(args.norm ?? 'instance'),
    dropout: args.dropout ?? 0,
  };
  return { network: parse(config, network), outChannels: outChannels(config, args) };
}

function segResNet(config: BundleConfig, args: ConfigObject): BundleNetwork {
  requireFixed(config, args, SEG_RES_NET_FIXED, ['out_channels', 'init_filters', 'blocks_down', 'blocks_up']);
  const network = {
    name: 'SegResNet',
    initFilters: args.init_filters ?? 8,
    blocksDown: args.blocks_down ?? [1, 2, 2, 4],
    blocksUp: args.blocks_up ?? [1, 1, 1],
  };
  return { network: parse(config, network), outChannels: outChannels(config, args) };
}

function parse(config: BundleConfig, network: Record<string, unknown>): NetworkDefinition {
  const parsed = NetworkDefinition.safeParse(network);
  if (parsed.success && levelsFit(parsed.data)) {
    return parsed.data;
  }
  const issues = parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [
    'strides must be one fewer than channels, and blocks_up one fewer than blocks_down',
  ];
  throw config.problem(`network_def cannot be used: ${issues.slice(0, 5).join('; ')}`);
}

function levelsFit(network: NetworkDefinition): boolean {
  return network.name === 'UNet'
    ? network.strides.length === network.channels.length - 1
    : network.blocksUp.length === network.blocksDown.length - 1;
}

function argumentsOf(config: BundleConfig, component: ConfigObject): ConfigObject {
  const args: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(component)) {
    if (name.startsWith('_')) continue;
    args[name] = config.resolve(value);
    if (typeof args[name] === 'string' && args[name].startsWith('$')) {
      throw config.problem(
        `network_def.${name} is an expression, which is never evaluated; write the number itself`,
      );
    }
  }
  for (const name of REQUIRED) {
    if (args[name] === undefined)
      throw config.problem(`network_def.${name} is missing; write it as a number`);
  }
  return args;
}

function requireFixed(config: BundleConfig, args: ConfigObject, fixed: Fixed, free: readonly string[]): void {
  for (const [name, value] of Object.entries(args)) {
    if (free.includes(name)) continue;
    if (!Object.hasOwn(fixed, name)) {
      throw config.problem(`network_def.${name} is not supported; remove it if the network does not need it`);
    }
    const wanted = fixed[name];
    if (normalised(value) !== normalised(wanted)) {
      throw config.problem(
        `network_def.${name} is ${JSON.stringify(value)?.slice(0, 80)}; only ${JSON.stringify(wanted)} is supported`,
      );
    }
  }
}

function outChannels(config: BundleConfig, args: ConfigObject): number {
  const channels = args.out_channels;
  if (typeof channels === 'number' && Number.isInteger(channels) && channels >= 2 && channels <= 65_536) {
    return channels;
  }
  throw config.problem(
    `network_def.out_channels is ${JSON.stringify(channels)?.slice(0, 80)}; it must be a whole number of at least 2 (background and a region)`,
  );
}

/** MONAI takes `"batch"`, `"BATCH"` and `["batch", {...}]`; the form with arguments is left to fail. */
function normName(norm: unknown): unknown {
  const name = Array.isArray(norm) && norm.length === 1 ? norm[0] : norm;
  return typeof name === 'string' ? name.toLowerCase() : norm;
}

function normalised(value: unknown): string {
  return JSON.stringify(value ?? null).toLowerCase();
}
