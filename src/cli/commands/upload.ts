import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { PipelineError } from '../../contracts/errors.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../output.ts';

interface UploadOptions {
  readonly subject: string;
  readonly session?: string;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('upload')
    .argument('<folder>', 'one session: an image series and its RTSTRUCT, SEG or AIM')
    .requiredOption('--subject <id>', 'pseudonym of the subject; never a name or a hospital number')
    .option('--session <id>', 'pseudonym of the session; without it, a digest of the study')
    .description(
      'Send a folder of DICOM files straight to S3, without an XNAT. Uses your AWS credentials, or the local machine.',
    )
    .action(async (folder: string, options: UploadOptions) => {
      const project = await context.project();
      const manifestKey = await upload(context, folder, project, options);
      printResult(
        context,
        { manifestKey },
        () =>
          `sent; ${manifestKey} starts the preparation. Its case appears in \`contourflow cases list\`; ` +
          'if none does, `contourflow uploads list` says why',
      );
    });
}

async function upload(
  context: CliContext,
  folder: string,
  project: string,
  { subject, session }: UploadOptions,
): Promise<string> {
  const { randomUUID, createHash } = await import('node:crypto');
  const { scanDicomFolder } = await import('../scan-dicom-folder.ts');
  const { sendUpload } = await import('../send-upload.ts');
  const { uploadTarget } = await import('../upload-target.ts');
  const { series, structures } = await scanDicomFolder(folder);
  const images = series.flatMap(({ files }) => files);
  const [first] = series;
  if (first === undefined || structures.length === 0) {
    throw new PipelineError(
      'UploadIncomplete',
      `${folder} holds ${images.length} image(s) and ${structures.length} structure set(s); at least one of each is needed`,
    );
  }
  const digest = createHash('sha256').update(first.studyUid).digest('hex').slice(0, 12);
  const { s3, bucket } = await uploadTarget(context);
  return sendUpload(s3, bucket, {
    project,
    uploadId: randomUUID(),
    subject,
    session: session ?? `U-${digest}`,
    images: images.map((file) => () => readFile(file)),
    structures: structures.map(
      ({ file }) =>
        () =>
          readFile(file),
    ),
  });
}
