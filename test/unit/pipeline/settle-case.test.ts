import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createGeometry } from '../../../src/imaging/geometry/volume-geometry.ts';
import type { NewCase } from '../../../src/pipeline/settle-case.ts';
import { settleCase } from '../../../src/pipeline/settle-case.ts';
import { readLabels } from '../../../src/pipeline/stored-volume.ts';
import { sha256Hex } from '../../helpers/memory-object-store.ts';
import { createMemoryPorts } from '../../helpers/memory-ports.ts';
import { storeVolume } from '../../helpers/store-volume.ts';

/** A case of one series and automation, saved at some minute and read in some generation. */
function newCase(
  minute: number,
  generation: number,
  changes: Partial<NewCase> = {},
): NewCase & { entity: 'case' } {
  const content = `${minute}-${generation}`;
  return {
    entity: 'case',
    project: 'P',
    id: sha256Hex(content).slice(0, 32),
    state: 'ready',
    archiveId: 'xnat',
    subject: 'S',
    session: 'E',
    generation,
    scanId: '4',
    seriesUid: '1.2',
    seriesDescription: '',
    modality: 'CT',
    automationId: 'a',
    automationVersion: 1,
    assessorId: `ROI_${minute}`,
    roiSavedAt: `2026-01-01T00:0${minute}:00Z`,
    roiSha256: sha256Hex(content),
    uploadManifestKey: null,
    classes: [],
    ignoredValues: [],
    spacingMm: [2, 2, 2],
    units: 'HU',
    resources: [],
    certificate: null,
    reasons: [],
    problem: null,
    acceptedBy: null,
    supersededBy: null,
    ...changes,
  };
}

describe('settleCase', () => {
  it('ends with the newest alone, whatever order cases come in, one by one or all at once', async () => {
    const some = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 4 })), {
      minLength: 1,
      maxLength: 6,
      selector: ([minute, generation]) => `${minute}-${generation}`,
    });
    await fc.assert(
      fc.asyncProperty(some, fc.boolean(), async (moments, atOnce) => {
        const { records } = createMemoryPorts();
        const cases = moments.map(([minute, generation]) => newCase(minute, generation));
        if (atOnce) await Promise.all(cases.map((one) => settleCase(one, records)));
        else for (const one of cases) await settleCase(one, records);
        const [newest] = [...moments].sort((a, b) => b[0] - a[0] || b[1] - a[1]);
        const left = records.all('case').filter(({ state }) => state === 'ready');
        expect(left.map(({ id }) => id)).toEqual([newCase(newest?.[0] ?? 0, newest?.[1] ?? 0).id]);
      }),
      { numRuns: 150 },
    );
  });

  it('lets a late execution not bring back old contours', async () => {
    const { records } = createMemoryPorts();
    await settleCase(newCase(2, 5), records);
    expect(await settleCase(newCase(1, 3), records)).toEqual({
      supersededBy: newCase(2, 5).id,
      supersedes: [],
    });
    expect(records.all('case').map(({ state }) => state)).toEqual(['ready', 'superseded']);
  });

  it('does not let an older run of the same case undo a newer one', async () => {
    const { records } = createMemoryPorts();
    const id = 'c'.repeat(32);
    await settleCase(newCase(2, 5, { id, units: 'HU' }), records);
    await settleCase(newCase(2, 4, { id, state: 'quarantined', units: null }), records);
    expect(records.all('case')).toMatchObject([{ state: 'ready', units: 'HU', generation: 5 }]);
  });

  it('keeps a good case good when another try at the same content fails', async () => {
    const { records } = createMemoryPorts();
    const id = 'c'.repeat(32);
    await settleCase(newCase(2, 5, { id }), records);
    await settleCase(newCase(2, 6, { id, state: 'quarantined' }), records);
    expect(records.all('case')).toMatchObject([{ state: 'ready' }]);
  });

  it('keeps the cases of two series of one RTSTRUCT apart', async () => {
    const { records } = createMemoryPorts();
    const shared = { assessorId: 'ROI', roiSha256: 'a'.repeat(64) };
    await settleCase(newCase(1, 1, { ...shared, seriesUid: '1.2', id: '1'.repeat(32) }), records);
    await settleCase(newCase(1, 1, { ...shared, seriesUid: '1.3', id: '2'.repeat(32) }), records);
    expect(records.all('case').map(({ state }) => state)).toEqual(['ready', 'ready']);
  });

  it('replaces what was drawn in the same collection on another series before', async () => {
    const { records } = createMemoryPorts();
    await settleCase(newCase(1, 1, { assessorId: 'ROI', seriesUid: null, state: 'quarantined' }), records);
    const mended = newCase(1, 2, { assessorId: 'ROI' });
    expect(await settleCase(mended, records)).toMatchObject({ supersedes: [newCase(1, 1).id] });
  });

  it('does not mix sessions or automations', async () => {
    const { records } = createMemoryPorts();
    await settleCase(newCase(1, 1), records);
    await settleCase(newCase(2, 1, { session: 'E2' }), records);
    await settleCase(newCase(3, 1, { automationId: 'b' }), records);
    expect(records.all('case').map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
  });

  it('takes the newer version of an automation when all else is equal', async () => {
    const { records } = createMemoryPorts();
    await settleCase(newCase(1, 1, { id: '9'.repeat(32) }), records);
    await settleCase(newCase(1, 1, { id: '1'.repeat(32), automationVersion: 2 }), records);
    expect(records.all('case').map(({ state }) => state)).toEqual(['superseded', 'ready']);
  });
});

describe('readLabels', () => {
  it('refuses a volume that is no label map', async () => {
    const { objects } = createMemoryPorts();
    const grid = { sizeIjk: [2, 1, 1], spacingMm: [1, 1, 1], originLps: [0, 0, 0] } as const;
    const geometry = createGeometry({ ...grid, directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
    const place = { project: 'P', temporaryKey: 'projects/P/work/e/volume.nii.gz' };
    const image = await storeVolume(objects, place, { geometry, values: Int16Array.of(1, 2) });
    await expect(readLabels(objects, image)).rejects.toMatchObject({ code: 'MalformedNifti' });
    const labels = await storeVolume(objects, place, { geometry, values: Uint16Array.of(1, 2) });
    expect(Array.from(await readLabels(objects, labels))).toEqual([1, 2]);
  });
});
