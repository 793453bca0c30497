import { Logger } from '@aws-lambda-powertools/logger';

/**
 * One JSON line per entry. Messages are event names (`ConvertSeries:Finished`) with fields beside them, so that
 * they can be counted; whole events are never logged, because a body may hold what must not leave the archive.
 */
export const logger = new Logger({ serviceName: 'contourflow' });
