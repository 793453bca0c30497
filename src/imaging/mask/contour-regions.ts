import type { Roi, StructureSet } from '../contour/structure-set.ts';
import { checkReferences } from './check-references.ts';
import { drawRoi } from './draw-roi.ts';
import { drawingWarnings } from './drawing-warnings.ts';
import type { RegionSet, RegionSource } from './region-source.ts';

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
  return {
    number,
    name,
    ...(colour === undefined ? {} : { colour }),
    provenance: { format, sourceUid: sopInstanceUid, ...(algorithm === undefined ? {} : { algorithm }) },
    parts: contours.length,
    draw: (target, options, paint) => {
      const drawing = drawRoi(roi, target, options, paint);
      const { planes, volumeMm3, gaps } = drawing;
      return { planes, volumeMm3, gaps, warnings: drawingWarnings(name, drawing) };
    },
  };
}
