import { PipelineError } from '../contracts/errors.ts';
import { UploadManifest } from '../contracts/events.ts';
import type { ObjectKey } from '../contracts/identifiers.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { Ports } from '../ports/index.ts';

const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
const MISSING_NAMED = 5;

/**
 * Reads `_COMPLETE.json`.
 *
 * @throws MalformedBody when it is no manifest, names a file twice or one outside its own folder
 * @throws UnknownSchemaVersion, NotFound
 */
export async function readUploadManifest(
  key: ObjectKey,
  objects: Pick<Ports['objects'], 'read' | 'stat'>,
): Promise<UploadManifest> {
  const found = await objects.stat(key);
  if (found && found.sizeBytes > MAX_MANIFEST_BYTES) {
    throw malformed(key, `it has ${found.sizeBytes} bytes, more than ${MAX_MANIFEST_BYTES}`);
  }
  const value = parseJson(key, await objects.read({ key }));
  const version: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'schemaVersion') : 0;
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new PipelineError(
      'UnknownSchemaVersion',
      `${key} has schema version ${version}, this release reads up to ${SCHEMA_VERSION}; update Contourflow`,
    );
  }
  const parsed = UploadManifest.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'manifest'}: ${message}`,
    );
    throw malformed(key, problems.slice(0, MISSING_NAMED).join('; '));
  }
  requirePlainNames(key, parsed.data);
  return parsed.data;
}

/** Folder of the manifest, with which the keys inside it begin. */
export function uploadFolder(manifestKey: ObjectKey): string {
  return manifestKey.slice(0, manifestKey.lastIndexOf('/') + 1);
}

/**
 * Every file that the manifest lists must be there and hold something.
 *
 * @throws UploadIncomplete naming how many are missing, and the first of them
 */
export async function requireComplete(
  key: ObjectKey,
  manifest: UploadManifest,
  objects: Pick<Ports['objects'], 'list'>,
): Promise<void> {
  const folder = uploadFolder(key);
  const listed = [...manifest.images, ...manifest.structures].map((file) => `${folder}${file.key}`);
  // Room for files that the manifest does not mention; more than that is not an upload in good order.
  const present = await objects.list(folder, 2 * listed.length + 1000);
  const sizes = new Map(present.map((object) => [object.key, object.sizeBytes]));
  const missing = listed.filter((file) => !sizes.get(file));
  if (missing.length === 0) return;
  const named = missing.slice(0, MISSING_NAMED).map((file) => file.slice(folder.length));
  throw new PipelineError(
    'UploadIncomplete',
    `${missing.length} of ${listed.length} files of the upload are missing or empty, such as ${named.join(', ')}; ` +
      'upload them, then write _COMPLETE.json again',
    { missing: missing.length, listed: listed.length },
  );
}

function requirePlainNames(key: ObjectKey, { images, structures }: UploadManifest): void {
  const seen = new Set<string>();
  for (const { key: name } of [...images, ...structures]) {
    const parts = name.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw malformed(key, `"${name}" is not a plain path below the manifest's folder`);
    }
    if (seen.has(name)) throw malformed(key, `"${name}" is listed twice`);
    seen.add(name);
  }
}

function parseJson(key: ObjectKey, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(key, 'it is not JSON in UTF-8', cause);
  }
}

function malformed(key: ObjectKey, why: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'MalformedBody',
    `${key} is not an upload manifest: ${why}; correct it and write it again`,
    { key },
    { cause },
  );
}
