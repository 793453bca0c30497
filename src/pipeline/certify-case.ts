import type { CertifiedInput } from '../contracts/certificate.ts';
import type { ObjectRef } from '../contracts/identifiers.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import {
  type CertifyCaseInput,
  type CertifyCaseOutput,
  SlicesList,
} from '../contracts/stages/prepare-session.ts';
import { certify } from '../imaging/certificate/certificate.ts';
import { createGeometry } from '../imaging/geometry/volume-geometry.ts';
import type { Ports } from '../ports/index.ts';
import { SOFTWARE_VERSION } from './output-version.ts';
import { jsonBytes, readJson } from './stored-json.ts';
import { GeometryFile, MaskFile, ModelSpaceFile } from './work-files.ts';

/** The reports of the stages before -> the case's certificate, whose gates decide `ready` or `needs-review`. */
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
      certifiedInput('label-map', automation.labelMap),
    ],
    // A slice that cannot be used stops the conversion, so that none is ever left out silently.
    slicesRejected: [],
    native: { ...native, geometry },
    mask: { ...drawn, geometry },
    resampledImage: { geometry: modelGeometry, maxRoundingError: model.maxRoundingError },
    resampledMask: { geometry: modelGeometry, regions: model.regions },
    missingPolicy: automation.policies.missing,
  });
  const key = objectKeys.certificate(input.session.project, caseId);
  return {
    certificate: await objects.write(key, jsonBytes(certificate), 'application/json'),
    outcome: certificate.outcome,
    reasons: certificate.reasons,
  };
}

function certifiedInput(role: CertifiedInput['role'], { sha256, sizeBytes }: ObjectRef): CertifiedInput {
  return { role, sha256, sizeBytes };
}
