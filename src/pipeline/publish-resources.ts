import { UPLOAD_ARCHIVE_ID } from '../contracts/identifiers.ts';
import type {
  CaseResource,
  FinishedCase,
  PublishResourcesOutput,
} from '../contracts/stages/prepare-session.ts';
import type { ImagingArchive } from '../ports/archive.ts';
import type { Ports } from '../ports/index.ts';

/**
 * The case's files as XNAT ML names its outputs, written back as resources of the scan they were made from.
 *
 * Labels carry the automation's id, so that several automations share a scan; the native image belongs to the series
 * and is the same for all. An upload has no XNAT to write to.
 *
 * @throws ArchiveUnavailable (try again), ArchiveRejected
 */
export async function publishResources(
  input: FinishedCase,
  { objects, archives }: Pick<Ports, 'objects' | 'archives'>,
): Promise<PublishResourcesOutput> {
  const resources = caseResources(input);
  const { archiveId } = input.session;
  const { scanId } = input;
  if (archiveId === UPLOAD_ARCHIVE_ID || scanId === null) return { resources, publishedTo: null };
  const archive = await archives.open(archiveId);
  try {
    for (const resource of resources) await upload(resource, { archive, objects, input, scanId });
  } finally {
    await archive.close();
  }
  return { resources, publishedTo: `/data/experiments/${input.session.session}/scans/${scanId}` };
}

/** Label, format, content and file of everything a case consists of. */
export function caseResources({
  case: target,
  converted,
  built,
  resampled,
  certified,
}: FinishedCase): CaseResource[] {
  const { automationId } = target.automation;
  const nifti = (
    label: string,
    content: CaseResource['content'],
    object: CaseResource['object'],
  ): CaseResource => ({
    label,
    format: 'NIFTI',
    content,
    fileName: `${label}.nii.gz`,
    object,
  });
  const certificate = `${automationId}-certificate`;
  const qa = `${automationId}-qa`;
  return [
    nifti('image-native', 'IMAGE_NATIVE', converted.image),
    nifti(`${automationId}-mask-native`, 'MASK_NATIVE', built.mask),
    nifti(`${automationId}-image`, 'IMAGE', resampled.image),
    nifti(`${automationId}-mask`, 'MASK', resampled.mask),
    {
      label: certificate,
      format: 'JSON',
      content: 'CERTIFICATE',
      fileName: `${certificate}.json`,
      object: certified.certificate,
    },
    ...(certified.qa === null
      ? []
      : [{ label: qa, format: 'PNG', content: 'QA', fileName: `${qa}.png`, object: certified.qa } as const]),
  ];
}

interface Publishing {
  readonly archive: ImagingArchive;
  readonly objects: Ports['objects'];
  readonly input: FinishedCase;
  readonly scanId: string;
}

async function upload(
  resource: CaseResource,
  { archive, objects, input, scanId }: Publishing,
): Promise<void> {
  const { project, session } = input.session;
  const { label, format, content, fileName } = resource;
  const bytes = await objects.read(resource.object);
  await archive.uploadScanResource({
    project,
    session,
    scanId,
    label,
    format,
    content,
    files: [{ name: fileName, bytes }],
  });
}
