import type { Roi, StructureSet } from '../contour/structure-set.ts';
import { checkReferences } from './check-references.ts';
import { prepareRoi } from './draw-roi.ts';
import { drawingWarnings } from './drawing-warnings.ts';
import type { MaskTarget } from './mask-target.ts';
import type { DrawOptions, PreparedRegion, RegionSet, RegionSource } from './region-source.ts';

/** The ROIs of an RTSTRUCT or AIM collection as regions that draw their contours. */
export function contourRegions(structureSet: StructureSet): RegionSet {
  const { format, sopInstanceUid, referencedSeriesUids, frameOfReferenceUid, rois } = structureSet;
  const regions = rois.map((roi) => contourRegion(roi, structureSet));
  const roiOf = new Map<RegionSource, Roi | undefined>(regions.map((region, index) => [region, rois[index]]));
  return {
    format,
    sourceUid: sopInstanceUid,
    referencedSeriesUids,
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
    regions,
    warnings: structureSet.warnings ?? [],
    check: (target, chosen) => {
      const drawn = chosen.flatMap((region) => roiOf.get(region) ?? []);
      return checkReferences(target, structureSet, drawn);
    },
  };
}

function contourRegion(roi: Roi, { format, sopInstanceUid }: StructureSet): RegionSource {
  const { number, name, colour, algorithm, contours } = roi;
  const prepare = (target: MaskTarget, options: DrawOptions): PreparedRegion => {
    const { drawing, slices } = prepareRoi(roi, target, options);
    const { planes, volumeMm3, gaps } = drawing;
    return { drawing: { planes, volumeMm3, gaps, warnings: drawingWarnings(name, drawing) }, slices };
  };
  return {
    number,
    name,
    ...(colour === undefined ? {} : { colour }),
    provenance: { format, sourceUid: sopInstanceUid, ...(algorithm === undefined ? {} : { algorithm }) },
    parts: contours.length,
    prepare,
    draw: (target, options, paint) => {
      const { drawing, slices } = prepare(target, options);
      for (const [k, runs] of slices()) paint(k, runs);
      return drawing;
    },
  };
}
