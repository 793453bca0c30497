import { objectKeys } from '../contracts/object-keys.ts';
import type { BuildMaskInput, BuildMaskOutput } from '../contracts/stages/prepare-session.ts';
import { parseRtstruct } from '../imaging/contour/parse-rtstruct.ts';
import { createGeometry } from '../imaging/geometry/volume-geometry.ts';
import { buildMask as drawMask, type Mask } from '../imaging/mask/build-mask.ts';
import { contourRegions } from '../imaging/mask/contour-regions.ts';
import { parseLabelMap } from '../imaging/mask/label-map.ts';
import type { MaskTarget } from '../imaging/mask/mask-target.ts';
import type { Ports } from '../ports/index.ts';
import { jsonBytes, readJson } from './stored-json.ts';
import { writeVolume } from './stored-volume.ts';
import { GeometryFile, type MaskFile } from './work-files.ts';

/**
 * Contours and label map -> native label map (.nii.gz) and a report of what was drawn.
 *
 * @throws EmptyRtstruct, MalformedContour, MalformedLabelMap, UnmappedRegion, OverlappingRegions, ReferencedSeriesMissing,
 *   ReferencedImageMissing, FrameOfReferenceMismatch, ContourOffPlane, ContourNotPlanar
 */
export async function buildMask(
  input: BuildMaskInput,
  { objects }: Pick<Ports, 'objects'>,
): Promise<BuildMaskOutput> {
  const { project, execution } = input.session;
  const { caseId, automation } = input.case;
  const [described, contours, labelMap] = await Promise.all([
    readJson(objects, GeometryFile, input.converted.geometry),
    objects.read(input.roi.content),
    objects.read(automation.labelMap),
  ]);
  const mask = drawMask({
    target: maskTarget(described),
    regions: contourRegions(parseRtstruct(contours)),
    labelMap: parseLabelMap(labelMap),
    policies: automation.policies,
  });
  const reportKey = objectKeys.work(project, execution, `${caseId}/mask.json`);
  return {
    mask: await writeVolume(objects, project, { geometry: mask.geometry, values: mask.labels }),
    report: await objects.write(reportKey, jsonBytes(describeMask(mask)), 'application/json'),
  };
}

function maskTarget({ seriesUid, frameOfReferenceUid, grid, slices }: GeometryFile): MaskTarget {
  return {
    seriesUid,
    ...(frameOfReferenceUid === null ? {} : { frameOfReferenceUid }),
    geometry: createGeometry(grid),
    slices,
  };
}

function describeMask({ regions, unmapped, missing, overlaps, warnings }: Mask): MaskFile {
  return {
    schemaVersion: 1,
    regions: regions.map(({ colour, roiNumbers, ...region }) => ({
      ...region,
      roiNumbers: [...roiNumbers],
      ...(colour === undefined ? {} : { colour: [...colour] }),
    })),
    unmapped: [...unmapped],
    missing: [...missing],
    overlaps: [...overlaps],
    warnings: warnings.map(({ details, ...warning }) => ({ ...warning, details: { ...details } })),
  };
}
