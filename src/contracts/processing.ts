import { z } from 'zod';

/** How an automation makes images and masks, where its users may choose; design: "Resampling", "Masks". */
export const Processing = z.strictObject({
  interpolation: z.enum(['linear', 'bspline']).default('linear').describe('of images'),
  antialias: z
    .boolean()
    .default(false)
    .describe('images along axes where voxels grow: a triangle kernel as wide as two of the new voxels'),
  fractionalThreshold: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe('share of MaximumFractionalValue (0062,000E) from which a voxel belongs to a segment'),
  gapsUpToMm: z
    .number()
    .gt(0)
    .max(1000)
    .default(10)
    .describe('longest gap between contours that the policy `gaps: interpolate` fills'),
});
export type Processing = z.infer<typeof Processing>;
