/**
 * On-demand list prices, us-east-1, Linux, of the machines that the default deployment uses. They feed the estimate
 * before a launch and the budget guard while it runs; the bill itself is AWS's. Spot is usually cheaper.
 */
export const PRICES_AS_OF = '2026-11';

export const PRICES_USD_PER_HOUR = {
  'g6.xlarge': 0.8,
  'g6.2xlarge': 0.98,
  'g5.xlarge': 1.006,
  'g5.2xlarge': 1.21,
  'g6e.xlarge': 1.86,
  'g6e.2xlarge': 2.24,
} as const;
export type PricedInstanceType = keyof typeof PRICES_USD_PER_HOUR;

/** What is assumed of a run until it is known where it landed. */
export const DEFAULT_INSTANCE_TYPE: PricedInstanceType = 'g5.xlarge';
