import type { CertifiedInput } from '../contracts/certificate.ts';
import type { ObjectRef } from '../contracts/identifiers.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import {
  type CertifyCaseInput,
  type CertifyCaseOutput,
  SlicesList,
} from '../contracts/stages/prepare-session.ts';
import { type CertifyInput, certify } from '../imaging/certificate/certificate.ts';
import { createGeometry, type VolumeGeometry } from '../imaging/geometry/volume-geometry.ts';
import { renderQaPicture } from '../imaging/qa/render-qa-picture.ts';
import type { Ports } from '../ports/index.ts';
import { SOFTWARE_VERSION } from './output-version.ts';
import { jsonBytes, readJson } from './stored-json.ts';
import { readLabels, readVolume } from './stored-volume.ts';
import { GeometryFile, MaskFile, ModelSpaceFile } from './work-files.ts';

/**
 * The reports of the stages before -> the case's certificate, whose gates decide `ready` or `needs-review`; image and
 * mask -> a picture for whoever has to look.
 */
export async function certifyCase(
  input: CertifyCaseInput,
  { objects }: Pick<Ports, 'objects'>,
): Promise<CertifyCaseOutput> {
  const { caseId, automation } = input.case;
  const [slices, native, drawn, model] = await Promise.all([
    readJson(objects, SlicesList, input.slices),
    readJson(objects, GeometryFile, input.converted.geometry),
    readJson(objects, MaskFile, input.built.report),
    readJson(objects, ModelSpaceFile, input.resampled.report),
  ]);
  const geometry = createGeometry(native.grid);
  const modelGeometry = createGeometry(model.grid);
  const certificate = certify({
    softwareVersion: SOFTWARE_VERSION,
    inputs: [
      ...slices.map((slice) => certifiedInput('slice', slice)),
      certifiedInput('contours', input.roi.content),
      ...(input.roi.companion === null ? [] : [certifiedInput('companion', input.roi.companion)]),
      certifiedInput('label-map', automation.labelMap),
    ],
    slicesRejected: native.rejected,
    native: describeNative(native, geometry),
    mask: { ...drawn, geometry },
    resampledImage: { geometry: modelGeometry, maxRoundingError: model.maxRoundingError },
    resampledMask: { geometry: modelGeometry, regions: model.regions },
    missingPolicy: automation.policies.missing,
    thresholds: automation.thresholds,
  });
  const key = objectKeys.certificate(input.session.project, caseId);
  return {
    certificate: await objects.write(key, jsonBytes(certificate), 'application/json'),
    qa: await storeQaPicture(input, { native, geometry, regions: drawn.regions }, objects),
    outcome: certificate.outcome,
    reasons: certificate.reasons,
  };
}

interface Drawn {
  readonly native: GeometryFile;
  readonly geometry: VolumeGeometry;
  readonly regions: MaskFile['regions'];
}

/** The native pair, because that is what the contours were drawn on. */
async function storeQaPicture(
  { session, converted, built }: CertifyCaseInput,
  { native, geometry, regions }: Drawn,
  objects: Pick<Ports['objects'], 'read' | 'writeBlob'>,
): Promise<ObjectRef> {
  const { values } = await readVolume(objects, converted.image);
  const labels = await readLabels(objects, built.mask);
  const image = { geometry, values, unit: native.unit };
  return objects.writeBlob(session.project, renderQaPicture({ image, labels, regions }), 'image/png');
}

function describeNative(
  { irregularity, references, ...native }: GeometryFile,
  geometry: VolumeGeometry,
): CertifyInput['native'] {
  return { ...native, geometry, slices: references, ...(irregularity === null ? {} : { irregularity }) };
}

function certifiedInput(role: CertifiedInput['role'], { sha256, sizeBytes }: ObjectRef): CertifiedInput {
  return { role, sha256, sizeBytes };
}
