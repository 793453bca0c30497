import { expect } from '@jest/globals';
import { Certificate } from '../../../src/contracts/certificate.ts';
import type { CaseRecord } from '../../../src/contracts/records.ts';
import { parseRtstruct } from '../../../src/imaging/contour/parse-rtstruct.ts';
import { buildMask } from '../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../src/imaging/mask/contour-regions.ts';
import { countValues } from '../../../src/imaging/mask/count-values.ts';
import { parseLabelMap } from '../../../src/imaging/mask/label-map.ts';
import type { Labels } from '../../../src/imaging/mask/label-type.ts';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { gunzipBounded } from '../../../src/imaging/nifti/gzip.ts';
import { routeEvent } from '../../../src/pipeline/route-event.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import { type Acquisition, acquisitionNamed } from '../../truth/acquisition.ts';
import { planOf, targetOf } from '../../truth/draw.ts';
import { shapesOf } from '../../truth/shapes.ts';
import { writeClassic } from '../../truth/write-images.ts';
import { writeRtstruct } from '../../truth/write-regions.ts';
import { settle } from './prepare-session-runner.ts';
import { type FakeCollection, hintOf, type SessionFixture, sessionFixture } from './session-fixture.ts';

export const SERIES = acquisitionNamed('anisotropic');
export const SHAPES = shapesOf(SERIES).filter(({ name }) => ['sphere', 'islands'].includes(name));
export const LABEL_MAP = 'sphere=1\nislands=2\n';
export const SAVED = '2026-03-01T09:00:00Z';
let deliveries = 0;

/** An archive that holds the series with one collection of regions, and a project that follows it. */
export async function archiveWith(
  series: Acquisition,
  collection: Omit<FakeCollection, 'savedAt'>,
  images: readonly Uint8Array[] = writeClassic(series),
): Promise<SessionFixture> {
  const fixture = await sessionFixture({}, LABEL_MAP);
  const files = images.map((bytes, n) => ({ name: `${n}.dcm`, bytes }));
  fixture.archive.scans = [
    { scanId: '4', seriesUid: series.seriesUid, seriesDescription: 'Truth', modality: 'CT' },
  ];
  fixture.archive.files.set('4', files);
  fixture.archive.collections.set('ROI_1', { savedAt: SAVED, ...collection });
  return fixture;
}

/** Prepares what changed, and gives the only case that came of it. */
export async function prepare(ports: MemoryPorts, message?: unknown): Promise<CaseRecord> {
  deliveries += 1;
  await routeEvent(message ?? hintOf(`kinds:${deliveries}`), ports);
  await settle(ports);
  const [record, ...others] = ports.records.all('case');
  expect(others).toEqual([]);
  return record as CaseRecord;
}

export async function certificateOf(
  { certificate }: CaseRecord,
  { objects }: MemoryPorts,
): Promise<Certificate> {
  const bytes = await objects.read(certificate ?? { key: '' });
  return Certificate.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

export async function voxelsOf(
  { resources }: CaseRecord,
  { objects }: MemoryPorts,
): Promise<Map<number, number>> {
  const mask = resources.find(({ content }) => content === 'MASK_NATIVE');
  const { values } = decodeNifti(gunzipBounded(await objects.read(mask?.object ?? { key: '' }), 1e9));
  return countValues(values as Labels);
}

/** What the contours enclose when they are drawn without a pipeline. */
export function drawnDirectly(series: Acquisition): Map<number, number> {
  const mask = buildMask({
    target: targetOf(planOf(writeClassic(series))),
    regions: contourRegions(parseRtstruct(writeRtstruct(series, SHAPES))),
    labelMap: parseLabelMap(new TextEncoder().encode(LABEL_MAP)),
    policies: { unmapped: 'report', missing: 'review', overlap: 'later-wins', gaps: 'review' },
  });
  return countValues(mask.labels);
}
