import { METRIC_DIMENSIONS, METRIC_NAMESPACE, type MetricName } from '../../src/contracts/metrics.ts';

export interface Measurement {
  readonly name: MetricName;
  readonly value: number;
  readonly unit?: 'Count' | 'None';
  /** Set for a metric that is split by the state of something, as RunsByState is. */
  readonly state?: string;
}

/**
 * Emits measurements as one CloudWatch embedded-metric-format line: no call and no added latency. Each carries the
 * dimension `stage`; one with a `state` carries only that.
 */
export function emitMetrics(
  stage: string,
  measurements: readonly Measurement[],
  now: Date = new Date(),
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): void {
  for (const { name, value, unit = 'Count', state } of measurements) {
    const dimension =
      state === undefined ? { [METRIC_DIMENSIONS.stage]: stage } : { [METRIC_DIMENSIONS.state]: state };
    write(
      JSON.stringify({
        _aws: {
          Timestamp: now.getTime(),
          CloudWatchMetrics: [
            {
              Namespace: METRIC_NAMESPACE,
              Dimensions: [Object.keys(dimension)],
              Metrics: [{ Name: name, Unit: unit }],
            },
          ],
        },
        ...dimension,
        [name]: value,
      }),
    );
  }
}
