import { z } from 'zod';

/** What to do where contours and label map do not match; design: "Label maps", "Masks". */
export const LabelPolicies = z.strictObject({
  unmapped: z
    .enum(['report', 'fail', 'ignore'])
    .default('report')
    .describe('an ROI without an entry in the map'),
  missing: z
    .enum(['review', 'absent', 'ignore'])
    .default('review')
    .describe(
      'a mapped region without an ROI: a person looks, its absence is known, or nothing is known and nothing learned',
    ),
  overlap: z.enum(['later-wins', 'fail']).default('later-wins').describe('voxels claimed by two regions'),
  gaps: z
    .enum(['review', 'none', 'interpolate'])
    .default('review')
    .describe('slices between contours without one'),
});
export type LabelPolicies = z.infer<typeof LabelPolicies>;
