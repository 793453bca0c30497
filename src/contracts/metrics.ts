/**
 * Metrics that the functions emit as CloudWatch embedded metric format lines; dashboard and alarms read them by
 * these names. Dimensions stay few and never name a project, a session or a person.
 */
export const METRIC_NAMESPACE = 'Contourflow';

export const METRICS = {
  /** Hints accepted: webhook, poll, upload, retry, recovery. */
  eventsIn: 'EventsIn',
  casesReady: 'CasesReady',
  casesForReview: 'CasesForReview',
  casesQuarantined: 'CasesQuarantined',
  /** Runs now in a state; dimension `state`. */
  runsByState: 'RunsByState',
  /** Errors a stage reported; dimension `stage`. */
  stageFailures: 'StageFailures',
  /** List price of the jobs now running. */
  runningJobCost: 'RunningJobCostUsdPerHour',
} as const;
export type MetricName = (typeof METRICS)[keyof typeof METRICS];

export const METRIC_DIMENSIONS = { stage: 'stage', state: 'state' } as const;

/** The CloudWatch dashboard of a deployment; names of dashboards are one list over all regions. */
export const dashboardName = (region: string): string => `contourflow-${region}`;
