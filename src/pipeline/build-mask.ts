import { objectKeys } from '../contracts/object-keys.ts';
import type { BuildMaskInput, BuildMaskOutput } from '../contracts/stages/prepare-session.ts';
import { writeMask } from '../engine/write-mask.ts';
import { parseLabelMap } from '../imaging/mask/label-map.ts';
import type { MaskFindings } from '../imaging/mask/mask-findings.ts';
import { maskTarget } from '../imaging/mask/mask-target.ts';
import type { Ports } from '../ports/index.ts';
import { compareCompanion } from './compare-companion.ts';
import { NIFTI_DESCRIPTION } from './output-version.ts';
import { readRegions } from './read-regions.ts';
import { jsonBytes, readJson } from './stored-json.ts';
import { openVolume } from './stored-volume.ts';
import { GeometryFile, type MaskFile, plannedGrid } from './work-files.ts';

/**
 * Contours or segmentation, and label map -> native label map (.nii.gz) and a report of what was drawn. Contours that the
 * archive holds as AIM and as RTSTRUCT are drawn from the RTSTRUCT and compared with the AIM.
 *
 * @throws EmptyRtstruct, MalformedContour, MalformedAim, MalformedSeg, SegGridMismatch, SegConcatenation, EmptySegmentation,
 *   MalformedLabelMap, UnmappedRegion, OverlappingRegions, ReferencedSeriesMissing,
 *   ReferencedImageMissing, FrameOfReferenceMismatch, ContourOffPlane, ContourNotPlanar
 */
export async function buildMask(
  input: BuildMaskInput,
  { objects }: Pick<Ports, 'objects'>,
): Promise<BuildMaskOutput> {
  const { project, execution } = input.session;
  const { caseId, automation } = input.case;
  const { companion } = input.roi;
  const [grid, contours, labelMap, aim] = await Promise.all([
    readJson(objects, GeometryFile, input.converted.geometry),
    objects.read(input.roi.content),
    objects.read(automation.labelMap),
    companion === null ? null : objects.read(companion),
  ]);
  const target = maskTarget(plannedGrid(grid));
  const map = parseLabelMap(labelMap);
  const work = (name: string) => objectKeys.work(project, execution, `${caseId}/${name}`);
  const place = { project, temporaryKey: work('mask.nii.gz') };
  const { findings, result: mask } = await writeMask(
    {
      target,
      regions: await readRegions(contours, automation.processing),
      labelMap: map,
      policies: automation.policies,
      interpolateUpToMm: automation.processing.gapsUpToMm,
    },
    {
      openSink: () => openVolume(objects, place),
      packing: 'runs',
      softwareVersion: NIFTI_DESCRIPTION,
    },
  );
  const differences = aim === null ? [] : compareCompanion(contours, aim, target, map);
  const warnings = [...findings.warnings, ...differences];
  const described = jsonBytes(describeMask({ ...findings, warnings }));
  return { mask, report: await objects.write(work('mask.json'), described, 'application/json') };
}

function describeMask({ regions, sources, unmapped, missing, overlaps, warnings }: MaskFindings): MaskFile {
  return {
    schemaVersion: 1,
    regions: regions.map(({ colour, roiNumbers, ...region }) => ({
      ...region,
      roiNumbers: [...roiNumbers],
      ...(colour === undefined ? {} : { colour: [...colour] }),
    })),
    sources: sources.map((source) => ({ ...source, provenance: { ...source.provenance } })),
    unmapped: [...unmapped],
    missing: [...missing],
    overlaps: [...overlaps],
    warnings: warnings.map(({ details, ...warning }) => ({ ...warning, details: { ...details } })),
  };
}
