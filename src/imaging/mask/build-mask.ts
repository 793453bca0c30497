import { voxelCount } from '../geometry/volume-geometry.ts';
import { LabelCanvas } from './label-canvas.ts';
import { emptyLabels, type Labels } from './label-type.ts';
import type { MaskFindings } from './mask-findings.ts';
import { type BuildMaskInput, drawOptions } from './mask-input.ts';
import { MaskPlan } from './mask-plan.ts';

export interface Mask extends MaskFindings {
  readonly labels: Labels;
}

/**
 * Draws the mapped regions of a file on an image grid.
 *
 * A voxel belongs to a region when its centre lies inside. Where regions overlap, the later label map entry wins.
 *
 * @param onRegion - called after each region that is drawn
 * @throws ReferencedSeriesMissing, ReferencedImageMissing, FrameOfReferenceMismatch, ContourOffPlane, ContourNotPlanar
 * @throws MalformedContour, UnmappedRegion (policy `unmapped: fail`), OverlappingRegions (policy `overlap: fail`)
 */
export function buildMask(input: BuildMaskInput, onRegion: () => void = () => {}): Mask {
  const plan = new MaskPlan(input);
  const { geometry } = input.target;
  const labels = emptyLabels(voxelCount(geometry), plan.values);
  const canvas = new LabelCanvas(labels, geometry.sizeIjk[0] * geometry.sizeIjk[1], plan.values);
  const drawn = plan.wanted.map((region, index) => {
    let voxels = 0;
    const drawing = region.draw(input.target, drawOptions(input), (k, runs) => {
      voxels += canvas.paint(plan.values[index] as number, k, runs);
    });
    onRegion();
    return { drawing, voxels };
  });
  return { labels, ...plan.findings(drawn, canvas.ledger) };
}
