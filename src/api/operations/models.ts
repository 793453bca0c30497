import { PipelineError } from '../../contracts/errors.ts';
import type { ObjectRef } from '../../contracts/identifiers.ts';
import { ModelVersionId } from '../../contracts/identifiers.ts';
import { objectKeys } from '../../contracts/object-keys.ts';
import type { RecordOf } from '../../contracts/records.ts';
import { parseLabelMap } from '../../imaging/mask/label-map.ts';
import { requireBoundedZip } from '../../models/bundle-zip.ts';
import { withMaskValues } from '../../models/model-classes.ts';
import { readBundle } from '../../models/read-bundle.ts';
import { nextModelVersion } from '../../pipeline/next-model-version.ts';
import { requireRecord } from '../../pipeline/require-record.ts';
import { modelVersionId } from '../../training/promotion.ts';
import { automationsOf } from '../automations-of.ts';
import type { ApiPorts, Call, Handlers } from '../call.ts';
import { listRecords } from '../list-records.ts';

const UPLOAD_SECONDS = 3_600;

export const modelOperations: Handlers<
  'createUpload' | 'listModels' | 'installModel' | 'listModelVersions' | 'getModelVersion' | 'attachLabelMap'
> = {
  async createUpload({ path, request }, { objects, ids }) {
    requireBoundedZip(request.sizeBytes);
    const key = bundleKey(path.project, ids.next('upload'));
    return { key, url: await objects.presignPut(key, UPLOAD_SECONDS, request.sizeBytes) };
  },
  listModels: ({ path, request }, { records }) => listRecords(records, 'model', path.project, request),
  installModel,
  listModelVersions: ({ path, request }, { records }) =>
    listRecords(records, 'model-version', path.project, request),
  getModelVersion: ({ path }, { records }) =>
    requireRecord(records, 'model-version', path.project, path.modelVersionId),
  attachLabelMap,
};

/** Beside other uploads, and like them gone after some days. */
function bundleKey(project: string, uploadId: string): string {
  return `${objectKeys.incomingPrefix(project, uploadId)}bundle.zip`;
}

async function installModel(
  { path: { project }, request }: Call<'installModel'>,
  ports: ApiPorts,
): Promise<RecordOf<'model-version'>> {
  requireVersionableId(request.modelId);
  const zip = await readUpload(project, request.uploadKey, request.sha256, ports);
  const { network, preprocessing, classes, weights, labelMap } = readBundle(zip);
  const { records, objects } = ports;
  const version = await nextModelVersion(records, project, request.modelId, request.title);
  const id = modelVersionId(request.modelId, version);
  return records.create({
    entity: 'model-version',
    project,
    id,
    state: 'installed',
    modelId: request.modelId,
    version,
    network,
    preprocessing,
    classes,
    weights: await objects.writeOnce(`${objectKeys.modelPrefix(project, id)}model.pt`, weights),
    labelMap: labelMap ? await storeLabelMap(project, labelMap, ports) : null,
    lineage: {
      importedFrom: request.sha256,
      parent: null,
      runId: null,
      checkpointId: null,
      datasetId: null,
      trainingSubjects: [],
    },
    testDice: {},
    testLooks: 0,
  });
}

async function readUpload(
  project: string,
  key: string,
  sha256: string,
  { objects, hasher }: ApiPorts,
): Promise<Uint8Array> {
  if (key !== bundleKey(project, key.split('/')[2] ?? '')) {
    throw new PipelineError(
      'InvalidRequest',
      'uploadKey: not an upload of this project; ask for a place (createUpload) and send the bundle there',
    );
  }
  const stored = await objects.stat(key);
  if (!stored) {
    throw new PipelineError(
      'NotFound',
      'nothing has been uploaded there yet; send the bundle to the URL that createUpload gave',
    );
  }
  requireBoundedZip(stored.sizeBytes);
  const bytes = await objects.read({ key });
  const actual = hasher.sha256(bytes);
  if (actual !== sha256) {
    throw new PipelineError(
      'DigestMismatch',
      `the uploaded bundle has the SHA-256 ${actual}, not ${sha256}; upload it again`,
      { actual, expected: sha256 },
    );
  }
  return bytes;
}

/** A model id becomes part of its versions' ids, whose form is narrower. */
function requireVersionableId(modelId: string): void {
  if (!ModelVersionId.safeParse(modelVersionId(modelId, 1)).success) {
    throw new PipelineError(
      'InvalidRequest',
      `modelId: "${modelId}" cannot be used; letters, digits, "_" and "-" only, at most 60`,
    );
  }
}

/**
 * A map that others rest on is never replaced: cases and datasets were made with its values. Attaching the same text
 * again is success and changes nothing.
 */
async function attachLabelMap(
  { path: { project, modelVersionId: id }, request }: Call<'attachLabelMap'>,
  ports: ApiPorts,
): Promise<RecordOf<'model-version'>> {
  const { records, hasher } = ports;
  const version = await requireRecord(records, 'model-version', project, id);
  const bytes = new TextEncoder().encode(request.text);
  const map = parseLabelMap(request.text);
  const attached = version.labelMap?.sha256;
  const offered = hasher.sha256(bytes);
  if (attached === offered) return version;
  if (attached !== undefined) await requireUnused(records, project, id, { attached, offered });
  const labelMap = await storeLabelMap(project, bytes, ports);
  return records.update('model-version', project, id, (current) => ({
    ...current,
    labelMap,
    classes: withMaskValues(current.classes, map),
  }));
}

/** @throws Conflict when an automation, enabled or not, makes cases for the version or ever did. */
async function requireUnused(
  records: ApiPorts['records'],
  project: string,
  modelVersionId: string,
  digests: { attached: string; offered: string },
): Promise<void> {
  const automations = await automationsOf(records, project, modelVersionId);
  if (automations.length === 0) return;
  throw new PipelineError(
    'Conflict',
    `model version ${modelVersionId} is used by the automation ${automations.join(', ')}, so its label map ` +
      `(SHA-256 ${digests.attached}) cannot be replaced by another (${digests.offered}): cases and datasets rest ` +
      'on it; install the bundle as a new version, attach the new map to that, and set the automation to it',
    { modelVersionId, automations, ...digests },
  );
}

/** Label maps are kept as they came, under their own digest. */
function storeLabelMap(
  project: string,
  bytes: Uint8Array,
  { objects, hasher }: Pick<ApiPorts, 'objects' | 'hasher'>,
): Promise<ObjectRef> {
  return objects.writeOnce(objectKeys.labelMap(project, hasher.sha256(bytes)), bytes, 'text/plain');
}
