import type { HostPrice } from '../contracts/host-prices.ts';

/** What is assumed of a run's host, because Batch chooses it and does not tell its price: no bill is above this. */
export function dearestHost(hosts: readonly HostPrice[]): HostPrice {
  return hosts.reduce((dearest, host) => (host.usdPerHour > dearest.usdPerHour ? host : dearest));
}
