import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { readHeader } from './dicom-header.ts';
import { HttpError } from './http-error.ts';
import { emptyState, type Resource, type ResourceHolder, type StoredFile, type XnatState } from './model.ts';

export interface FileAttributes {
  readonly format?: string;
  readonly content?: string;
  readonly tags?: string;
}

/** State and file bytes in one folder. A change counts once {@link Store.save} returned, also after `kill -9`. */
export interface Store {
  readonly state: XnatState;
  nextNumber(): number;
  save(): void;
  createResource(holder: ResourceHolder, label: string, attributes?: FileAttributes): Resource;
  findResource(holder: ResourceHolder, labelOrId: string): Resource | undefined;
  resourcesOf(holder: ResourceHolder): Resource[];
  deleteResource(holder: ResourceHolder, resource: Resource): void;
  putFile(resource: Resource, path: string, bytes: Uint8Array, attributes?: FileAttributes): StoredFile;
  readFile(resource: Resource, file: StoredFile): Buffer;
  deleteFile(resource: Resource, file: StoredFile): void;
}

export function openStore(dataDir: string): Store {
  mkdirSync(join(dataDir, 'files'), { recursive: true });
  const stateFile = join(dataDir, 'state.json');
  const state = existsSync(stateFile)
    ? (JSON.parse(readFileSync(stateFile, 'utf8')) as XnatState)
    : emptyState();
  const bytesOf = (resource: Resource, path: string): string =>
    join(dataDir, 'files', String(resource.id), safePath(path));
  const nextNumber = (): number => {
    state.lastNumber += 1;
    return state.lastNumber;
  };
  const resourcesOf = (holder: ResourceHolder): Resource[] =>
    holder.resources.flatMap((id) => state.resources[String(id)] ?? []);
  return {
    state,
    nextNumber,
    save: () => writeAtomically(stateFile, JSON.stringify(state)),
    resourcesOf,
    findResource: (holder, labelOrId) =>
      resourcesOf(holder).find(
        (resource) => resource.label === labelOrId || String(resource.id) === labelOrId,
      ),
    createResource: (holder, label, { format = '', content = '', tags = '' } = {}) => {
      const resource: Resource = { id: nextNumber(), label, format, content, tags, files: [] };
      state.resources[String(resource.id)] = resource;
      holder.resources.push(resource.id);
      return resource;
    },
    deleteResource: (holder, resource) => {
      holder.resources = holder.resources.filter((id) => id !== resource.id);
      delete state.resources[String(resource.id)];
      rmSync(join(dataDir, 'files', String(resource.id)), { recursive: true, force: true });
    },
    putFile: (resource, path, bytes, attributes = {}) => {
      writeAtomically(bytesOf(resource, path), bytes);
      const file = describeFile(resource, path, bytes, attributes);
      resource.files = [...resource.files.filter((other) => other.path !== path), file];
      return file;
    },
    readFile: (resource, file) => readFileSync(bytesOf(resource, file.path)),
    deleteFile: (resource, file) => {
      resource.files = resource.files.filter((other) => other.path !== file.path);
      rmSync(bytesOf(resource, file.path), { force: true });
    },
  };
}

function describeFile(
  resource: Resource,
  path: string,
  bytes: Uint8Array,
  attributes: FileAttributes,
): StoredFile {
  const header = readHeader(bytes);
  return {
    path,
    size: bytes.byteLength,
    digest: createHash('md5').update(bytes).digest('hex'),
    format: attributes.format ?? resource.format,
    content: attributes.content ?? resource.content,
    tags: attributes.tags ?? resource.tags,
    ...(header === null ? {} : { uid: header.sopInstanceUid }),
  };
}

/** The new content is complete under another name before it takes the old one's place. */
function writeAtomically(file: string, content: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${randomUUID()}.partial`;
  writeFileSync(partial, content);
  renameSync(partial, file);
}

/** A relative path that stays below its folder. */
function safePath(path: string): string {
  const clean = normalize(path);
  if (clean === '.' || clean.startsWith('..') || clean.startsWith(sep) || clean.includes('\u0000')) {
    throw new HttpError(400, `The file path "${path}" leaves its resource.`);
  }
  return clean;
}
