import { describe, expect, it } from '@jest/globals';
import { DatasetManifest } from '../../../src/contracts/dataset.ts';
import { PipelineError } from '../../../src/contracts/errors.ts';
import type { SaveDatasetInput } from '../../../src/contracts/stages/save-dataset.ts';
import { Catalogue } from '../../../src/datasets/catalogue.ts';
import { freezeItems } from '../../../src/pipeline/freeze-items.ts';
import { readCatalogue } from '../../../src/pipeline/read-catalogue.ts';
import { resolveDataset } from '../../../src/pipeline/resolve-dataset.ts';
import { saveManifest } from '../../../src/pipeline/save-manifest.ts';
import { countTestLook } from '../../../src/pipeline/test-looks.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import {
  addCase,
  addDefinition,
  caseIdOf,
  PROJECT,
  projectPorts,
  SPLIT,
  storedText,
} from '../training/workflow-fixture.ts';

function inputOf(saveId = 'save-1', seed = SPLIT.seed): SaveDatasetInput {
  const split = { ...SPLIT, seed };
  return {
    schemaVersion: 1,
    project: PROJECT,
    definitionId: 'organs',
    saveId,
    split,
    requestedBy: 'the-owner',
  };
}

async function arranged(cases = 6): Promise<MemoryPorts> {
  const ports = await projectPorts();
  await addDefinition(ports);
  await addSave(ports, 'save-1');
  for (let number = 1; number <= cases; number++) await addCase(ports, number);
  return ports;
}

async function addSave(ports: MemoryPorts, id: string): Promise<void> {
  await ports.records.create({
    entity: 'dataset-save',
    project: PROJECT,
    id,
    state: 'running',
    definitionId: 'organs',
    split: SPLIT,
    datasetId: null,
    problem: null,
    requestedBy: 'the-owner',
  });
}

async function drafted(ports: MemoryPorts, input = inputOf()) {
  const { catalogue } = await readCatalogue(input, ports);
  return { ...input, draft: (await resolveDataset({ ...input, catalogue }, ports)).draft };
}

async function saved(ports: MemoryPorts, input = inputOf()) {
  const draft = await drafted(ports, input);
  const { sizeBytes } = await freezeItems(draft, ports);
  return saveManifest({ ...draft, sizeBytes }, ports);
}

describe('readCatalogue', () => {
  it('writes down ready cases only, ordered by id', async () => {
    const ports = await arranged(3);
    await addCase(ports, 4, { state: 'needs-review' });
    await addCase(ports, 5, { state: 'superseded' });
    const { catalogue, cases } = await readCatalogue(inputOf(), ports);
    expect(cases).toBe(3);
    const listed = Catalogue.parse(JSON.parse(new TextDecoder().decode(await ports.objects.read(catalogue))));
    expect(listed.map(({ caseId }) => caseId)).toEqual([1, 2, 3].map(caseIdOf).sort());
  });

  it('reads more cases than fit on one page', async () => {
    const ports = await arranged(0);
    for (let number = 1; number <= 205; number++) await addCase(ports, number);
    expect((await readCatalogue(inputOf(), ports)).cases).toBe(205);
  });
});

describe('resolveDataset', () => {
  it('leaves incomplete sessions out', async () => {
    const ports = await arranged(6);
    await addCase(ports, 7, { resources: [] });
    const { catalogue } = await readCatalogue(inputOf(), ports);
    expect((await resolveDataset({ ...inputOf(), catalogue }, ports)).items).toBe(6);
  });

  it('refuses a definition that is not there', async () => {
    const ports = await arranged();
    const { catalogue } = await readCatalogue(inputOf(), ports);
    const input = { ...inputOf(), definitionId: 'nope', catalogue };
    await expect(resolveDataset(input, ports)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('refuses a catalogue that is of another shape, of a newer version, or no JSON', async () => {
    const ports = await arranged();
    for (const [text, code] of [
      ['[{"caseId":1}]', 'InternalError'],
      ['{"schemaVersion":2}', 'UnknownSchemaVersion'],
      ['[{', 'InternalError'],
    ] as const) {
      const catalogue = await storedText(ports, text);
      await expect(resolveDataset({ ...inputOf(), catalogue }, ports)).rejects.toMatchObject({ code });
    }
  });
});

describe('freezeItems', () => {
  it('reads every file back and adds up their sizes', async () => {
    const ports = await arranged(6);
    const { verified, sizeBytes } = await freezeItems(await drafted(ports), ports);
    expect(verified).toBe(12);
    expect(sizeBytes).toBe(6 * ('image 1'.length + 'mask 1'.length));
  });

  it.each([
    [
      'changed',
      'DigestMismatch',
      (ports: MemoryPorts, key: string) => ports.objects.contents.set(key, new Uint8Array(7)),
    ],
    ['gone', 'NotFound', (ports: MemoryPorts, key: string) => ports.objects.contents.delete(key)],
  ])('refuses a dataset of which a file is %s', async (_, code, damage) => {
    const ports = await arranged(6);
    const draft = await drafted(ports);
    const image = await storedText(ports, 'image 3');
    damage(ports, image.key);
    await expect(freezeItems(draft, ports)).rejects.toMatchObject({ code });
  });
});

describe('saveManifest', () => {
  it('makes the dataset, its edges, and ends the save', async () => {
    const ports = await arranged(6);
    const { datasetId, created } = await saved(ports);
    expect(created).toBe(true);
    const dataset = await ports.records.get('dataset', PROJECT, datasetId);
    expect(dataset).toMatchObject({ state: 'frozen', items: 6, testLooks: 0, warnings: [] });
    expect(
      Object.values(dataset?.subjects ?? {})
        .flat()
        .sort(),
    ).toEqual(['S1', 'S2', 'S3', 'S4', 'S5', 'S6']);
    const text = new TextDecoder().decode(await ports.objects.read(dataset?.manifest ?? { key: '' }));
    expect(DatasetManifest.parse(JSON.parse(text)).items).toHaveLength(6);
    expect(ports.hasher.sha256(text).slice(0, 32)).toBe(datasetId);
    const from = { entity: 'case', id: caseIdOf(1) };
    expect(await ports.records.linked(PROJECT, from, 'dataset')).toEqual([datasetId]);
    expect(await ports.records.get('dataset-save', PROJECT, 'save-1')).toMatchObject({
      state: 'succeeded',
      datasetId,
    });
  });

  it('gives the same dataset to the same content saved again, and another to another seed', async () => {
    const ports = await arranged(6);
    const first = await saved(ports);
    for (const id of ['save-2', 'save-3']) await addSave(ports, id);
    expect(await saved(ports, inputOf('save-2'))).toEqual({ datasetId: first.datasetId, created: false });
    expect((await saved(ports, inputOf('save-3', 8))).datasetId).not.toBe(first.datasetId);
  });

  it('takes over the looks at its test subjects when it is saved anew with one case more', async () => {
    const ports = await arranged(6);
    const first = await saved(ports);
    await countTestLook(ports.records, PROJECT, first.datasetId, 'run-1');
    await addCase(ports, 7);
    await addSave(ports, 'save-2');
    const second = await saved(ports, inputOf('save-2'));
    expect(second).toMatchObject({ created: true });
    const [before, after] = await Promise.all(
      [first, second].map(({ datasetId }) => ports.records.get('dataset', PROJECT, datasetId)),
    );
    expect(before?.subjects.test.some((subject) => after?.subjects.test.includes(subject))).toBe(true);
    expect(after?.testLooks).toBe(1);
    expect(await saved(ports, inputOf('save-2'))).toEqual({ ...second, created: false });
    expect((await ports.records.get('dataset', PROJECT, second.datasetId))?.testLooks).toBe(1);
  });

  it('ends the same when it is repeated after a crash in the middle', async () => {
    const ports = await arranged(6);
    const draft = { ...(await drafted(ports)), sizeBytes: 1 };
    const { link } = ports.records;
    let calls = 0;
    ports.records.link = async (...args) => {
      calls += 1;
      if (calls === 3) throw new PipelineError('UpstreamError', 'the machine went away');
      return link(...args);
    };
    await expect(saveManifest(draft, ports)).rejects.toMatchObject({ code: 'UpstreamError' });
    const { datasetId, created } = await saveManifest(draft, ports);
    expect(created).toBe(false);
    for (let number = 1; number <= 6; number++) {
      const from = { entity: 'case', id: caseIdOf(number) };
      expect(await ports.records.linked(PROJECT, from, 'dataset')).toEqual([datasetId]);
    }
  });

  it('carries ignored regions into the manifest that the trainer reads, and says in how many cases', async () => {
    const ports = await arranged(4);
    await addCase(ports, 5, { ignoredValues: [20] });
    const { datasetId } = await saved(ports);
    const dataset = await ports.records.get('dataset', PROJECT, datasetId);
    expect(dataset?.warnings).toEqual([
      expect.stringContaining('region "Spleen" is ignored in 1 of 5 cases'),
    ]);
    const text = new TextDecoder().decode(await ports.objects.read(dataset?.manifest ?? { key: '' }));
    const { items } = DatasetManifest.parse(JSON.parse(text));
    expect(items.filter(({ ignoredValues }) => ignoredValues)).toMatchObject([
      { caseId: caseIdOf(5), ignoredValues: [20] },
    ]);
  });

  it('keeps the warning of identical pixels under two subjects', async () => {
    const ports = await arranged(6);
    const twin = await addCase(ports, 7);
    const resources = (await ports.records.get('case', PROJECT, caseIdOf(1)))?.resources ?? [];
    await ports.records.update('case', PROJECT, twin.id, (current) => ({ ...current, resources }));
    const { datasetId } = await saved(ports);
    const dataset = await ports.records.get('dataset', PROJECT, datasetId);
    expect(dataset?.warnings).toEqual(['identical pixels under the subjects S1, S7']);
  });
});
