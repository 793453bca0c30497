import { PipelineError } from '../../contracts/errors.ts';

/** A segmentation whose attributes contradict each other. */
export function malformedSeg(
  why: string,
  details: Readonly<Record<string, number | string>> = {},
): PipelineError {
  return new PipelineError(
    'MalformedSeg',
    `the segmentation cannot be read: ${why}; save the segmentation again`,
    details,
  );
}
