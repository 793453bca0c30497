import { z } from 'zod';

/**
 * On-demand list prices of training hosts, USD per hour: us-east-1, Linux. They feed the estimate before a launch and
 * the budget guard while it runs; the bill itself is AWS's. Spot is usually cheaper.
 */
export const PRICES_AS_OF = '2026-11';
export const PRICES_USD_PER_HOUR: Readonly<Record<string, number>> = {
  'g4dn.xlarge': 0.526,
  'g4dn.2xlarge': 0.752,
  'g5.xlarge': 1.006,
  'g5.2xlarge': 1.212,
  'g5.4xlarge': 1.624,
  'g6.xlarge': 0.8048,
  'g6.2xlarge': 0.9776,
  'g6.4xlarge': 1.3232,
  'g6e.xlarge': 1.861,
  'g6e.2xlarge': 2.2421,
  'g6e.4xlarge': 3.0042,
  'm6i.xlarge': 0.192,
  'm6i.2xlarge': 0.384,
  'm6i.4xlarge': 0.768,
  'm7a.xlarge': 0.2318,
  'm7a.2xlarge': 0.4637,
  'm7a.4xlarge': 0.9274,
  'm7i.xlarge': 0.2016,
  'm7i.2xlarge': 0.4032,
  'm7i.4xlarge': 0.8064,
};

/** The hosts that a training may land on, with their prices: `g6.2xlarge=0.9776,g5.2xlarge=1.212`. */
export const HostPricesText = z
  .string()
  .regex(/^[a-z0-9-]+\.[a-z0-9-]+=\d+(\.\d+)?(,[a-z0-9-]+\.[a-z0-9-]+=\d+(\.\d+)?)*$/);

export interface HostPrice {
  readonly instanceType: string;
  readonly usdPerHour: number;
}

export function writeHostPrices(prices: readonly HostPrice[]): string {
  return prices.map(({ instanceType, usdPerHour }) => `${instanceType}=${usdPerHour}`).join(',');
}

export function readHostPrices(text: string): HostPrice[] {
  return text.split(',').map((entry) => {
    const [instanceType = '', usdPerHour] = entry.split('=');
    return { instanceType, usdPerHour: Number(usdPerHour) };
  });
}
