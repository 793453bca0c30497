import { describe, expect, it } from '@jest/globals';
import { BUNDLE_LIMITS } from '../../../src/models/bundle-zip.ts';
import { sha256Hex } from '../../helpers/memory-object-store.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import { bundleZip, pickleBytes, textBytes, weightsFile } from '../models/bundle-fixture.ts';
import { addModelVersion, PROJECT, projectPorts } from '../training/workflow-fixture.ts';
import { callApi } from './api-fixture.ts';

async function uploaded(
  ports: MemoryPorts,
  zip = bundleZip(),
): Promise<{ uploadKey: string; sha256: string }> {
  const sha256 = sha256Hex(zip);
  const ticket = await callApi(
    ports,
    'createUpload',
    {},
    { fileName: 'x.zip', sizeBytes: zip.length, sha256 },
  );
  expect(ticket.url).toContain(ticket.key);
  await ports.objects.write(ticket.key, zip);
  return { uploadKey: ticket.key, sha256 };
}

describe('installModel', () => {
  it('installs versions one after another, each with its own weights', async () => {
    const ports = await projectPorts();
    const upload = await uploaded(ports);
    const first = await callApi(ports, 'installModel', {}, { modelId: 'organs', title: 'Organs', ...upload });
    const second = await callApi(ports, 'installModel', {}, { modelId: 'organs', ...upload });
    expect([first.id, second.id]).toEqual(['organs.v1', 'organs.v2']);
    expect(first.lineage).toMatchObject({ importedFrom: upload.sha256, parent: null, trainingSubjects: [] });
    expect(first.weights).toMatchObject({ key: `projects/${PROJECT}/models/organs.v1/model.pt` });
    expect(await ports.objects.read(first.weights)).toEqual(weightsFile());
    const { items } = await callApi(ports, 'listModels');
    expect(items).toMatchObject([{ id: 'organs', title: 'Organs', latestVersion: 2 }]);
    expect((await callApi(ports, 'listModelVersions')).items).toHaveLength(2);
  });

  it('takes the label map of the bundle along', async () => {
    const ports = await projectPorts();
    const map = textBytes('Liver=10\nSpleen=20\nKidney=30\n');
    const upload = await uploaded(ports, bundleZip({ 'configs/region2MaskValueMap.txt': map }));
    const { labelMap } = await callApi(ports, 'installModel', {}, { modelId: 'organs', ...upload });
    expect(await ports.objects.read(labelMap ?? { key: '' })).toEqual(map);
  });

  it('leaves no version behind when the bundle is unsafe', async () => {
    const ports = await projectPorts();
    const zip = bundleZip({ 'models/model.pt': weightsFile(pickleBytes('cposix\nsystem\n.')) });
    const install = callApi(
      ports,
      'installModel',
      {},
      { modelId: 'organs', ...(await uploaded(ports, zip)) },
    );
    await expect(install).rejects.toMatchObject({
      code: 'UnsafeModel',
      message: expect.stringContaining('posix.system'),
    });
    expect((await callApi(ports, 'listModels')).items).toEqual([]);
  });

  it.each([
    ['another digest', 'DigestMismatch', { sha256: 'a'.repeat(64) }],
    ['a key of another project', 'InvalidRequest', { uploadKey: 'incoming/other/upload-1/bundle.zip' }],
    ['a key outside uploads', 'InvalidRequest', { uploadKey: `projects/${PROJECT}/blobs/sha256/x` }],
    ['a key that climbs', 'InvalidRequest', { uploadKey: `incoming/${PROJECT}/../other/bundle.zip` }],
    ['nothing uploaded', 'NotFound', { uploadKey: `incoming/${PROJECT}/upload-x/bundle.zip` }],
    ['a model id with a dot', 'InvalidRequest', { modelId: 'organs.v1' }],
    ['a model id of 61 characters', 'InvalidRequest', { modelId: 'x'.repeat(61) }],
  ])('refuses %s', async (_, code, changes) => {
    const ports = await projectPorts();
    const body = { modelId: 'organs', ...(await uploaded(ports)), ...changes };
    await expect(callApi(ports, 'installModel', {}, body)).rejects.toMatchObject({ code });
  });

  it('refuses a bundle that is bigger than allowed without reading it', async () => {
    const ports = await projectPorts();
    const upload = await uploaded(ports);
    ports.objects.stat = async () => ({ sizeBytes: 2 ** 40 });
    ports.objects.read = async () => {
      throw new Error('read');
    };
    const install = callApi(ports, 'installModel', {}, { modelId: 'organs', ...upload });
    await expect(install).rejects.toMatchObject({
      code: 'InvalidModel',
      message: expect.stringContaining('at most 256 MiB are accepted'),
    });
  });

  it('gives no place to a bundle that is bigger than allowed', async () => {
    const ports = await projectPorts();
    const place = (sizeBytes: number) =>
      callApi(ports, 'createUpload', {}, { fileName: 'x.zip', sizeBytes, sha256: 'a'.repeat(64) });
    await expect(place(BUNDLE_LIMITS.fileBytes)).resolves.toMatchObject({ key: expect.any(String) });
    await expect(place(BUNDLE_LIMITS.fileBytes + 1)).rejects.toMatchObject({
      code: 'InvalidModel',
      message: expect.stringContaining('at most 256 MiB are accepted: keep configs/'),
    });
  });
});

describe('attachLabelMap', () => {
  const path = { modelVersionId: 'starter.v1' };
  const fileName = 'region2MaskValueMap.txt';

  it('keeps the text as it came and gives the classes its values', async () => {
    const ports = await projectPorts();
    await addModelVersion(ports, { labelMap: null });
    const text = '# organs\nspleen=7\nLiver=3\n';
    const version = await callApi(ports, 'attachLabelMap', { path }, { fileName, text });
    expect(version.classes).toEqual([
      { index: 1, maskValue: 3, name: 'Liver' },
      { index: 2, maskValue: 7, name: 'Spleen' },
    ]);
    expect(version.labelMap?.key).toBe(`projects/${PROJECT}/models/label-maps/${sha256Hex(text)}.txt`);
    expect(new TextDecoder().decode(await ports.objects.read(version.labelMap ?? { key: '' }))).toBe(text);
  });

  it('refuses a malformed map with every bad line, and changes nothing', async () => {
    const ports = await projectPorts();
    const before = await addModelVersion(ports);
    const attach = callApi(ports, 'attachLabelMap', { path }, { fileName, text: 'Liver\nSpleen=0\n' });
    await expect(attach).rejects.toMatchObject({
      code: 'MalformedLabelMap',
      details: { problems: [expect.any(String), expect.any(String)] },
    });
    expect(await callApi(ports, 'getModelVersion', { path })).toEqual(before);
  });

  describe('on a version with a map', () => {
    const other = { fileName, text: 'Liver=30\nSpleen=40\n' };
    const put = (ports: MemoryPorts, modelVersionId: string, enabled = true) =>
      callApi(ports, 'putAutomation', { path: { automationId: 'auto' } }, { modelVersionId, enabled });

    it('replaces it while no automation uses the version', async () => {
      const ports = await projectPorts();
      await addModelVersion(ports);
      await addModelVersion(ports, { id: 'starter.v2', version: 2 });
      await put(ports, 'starter.v2');
      const { labelMap } = await callApi(ports, 'attachLabelMap', { path }, other);
      expect(labelMap?.sha256).toBe(sha256Hex(other.text));
    });

    it.each([
      ['an automation', (ports: MemoryPorts) => put(ports, 'starter.v1')],
      ['a disabled automation', (ports: MemoryPorts) => put(ports, 'starter.v1', false)],
      [
        'an automation that was set to another version since',
        async (ports: MemoryPorts) => {
          await put(ports, 'starter.v1');
          await addModelVersion(ports, { id: 'starter.v2', version: 2 });
          await put(ports, 'starter.v2');
        },
      ],
      [
        'an automation without an edge',
        async (ports: MemoryPorts) => {
          ports.records.link = async () => {};
          await put(ports, 'starter.v1');
        },
      ],
    ])('refuses another one once %s uses the version', async (_, use) => {
      const ports = await projectPorts();
      const before = await addModelVersion(ports);
      await use(ports);
      const digests = { attached: before.labelMap?.sha256, offered: sha256Hex(other.text) };
      await expect(callApi(ports, 'attachLabelMap', { path }, other)).rejects.toMatchObject({
        code: 'Conflict',
        message: expect.stringMatching(/automation auto,.*install the bundle as a new version/),
        details: { modelVersionId: 'starter.v1', automations: ['auto'], ...digests },
      });
      expect(await callApi(ports, 'getModelVersion', { path })).toEqual(before);
      expect(
        await ports.objects.stat(`projects/${PROJECT}/models/label-maps/${digests.offered}.txt`),
      ).toBeNull();
    });

    it('takes the same text again, used or not, and writes nothing', async () => {
      const ports = await projectPorts();
      const before = await addModelVersion(ports);
      const same = { fileName, text: 'Liver=10\nSpleen=20\n' };
      expect(await callApi(ports, 'attachLabelMap', { path }, same)).toEqual(before);
      await put(ports, 'starter.v1');
      expect(await callApi(ports, 'attachLabelMap', { path }, same)).toEqual(before);
    });
  });

  it('refuses a version that is not there', async () => {
    const ports = await projectPorts();
    const attach = callApi(ports, 'attachLabelMap', { path }, { fileName, text: 'Liver=1' });
    await expect(attach).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('putAutomation', () => {
  const path = { automationId: 'auto' };

  it("takes the model's label map and spacing, and raises its version with a change only", async () => {
    const ports = await projectPorts();
    const { labelMap } = await addModelVersion(ports);
    const body = { modelVersionId: 'starter.v1' };
    const first = await callApi(ports, 'putAutomation', { path }, body);
    expect(first).toMatchObject({ version: 1, state: 'enabled', labelMap, spacingMm: [3, 3, 3] });
    expect(await callApi(ports, 'putAutomation', { path }, body)).toEqual(first);
    const changed = { ...body, spacingMm: [1, 1, 2] as [number, number, number], enabled: false };
    expect(await callApi(ports, 'putAutomation', { path }, changed)).toMatchObject({
      version: 2,
      state: 'disabled',
      spacingMm: [1, 1, 2],
    });
    const stricter = { ...changed, thresholds: { overlapPercent: 0.5 } };
    expect(await callApi(ports, 'putAutomation', { path }, stricter as typeof changed)).toMatchObject({
      version: 3,
      thresholds: { overlapPercent: 0.5, contourVolumePercent: 5 },
    });
    const finer = { ...stricter, processing: { interpolation: 'bspline' } };
    expect(await callApi(ports, 'putAutomation', { path }, finer as typeof changed)).toMatchObject({
      version: 4,
      processing: { interpolation: 'bspline', antialias: false, fractionalThreshold: 0.5, gapsUpToMm: 10 },
    });
    expect((await callApi(ports, 'listAutomations')).items).toHaveLength(1);
  });

  it('needs a label map first', async () => {
    const ports = await projectPorts();
    await addModelVersion(ports, { labelMap: null });
    const put = callApi(ports, 'putAutomation', { path }, { modelVersionId: 'starter.v1' });
    await expect(put).rejects.toMatchObject({
      code: 'Conflict',
      message: expect.stringContaining('region2MaskValueMap'),
    });
  });
});
