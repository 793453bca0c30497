import { unzipSync, zipSync } from 'fflate';
import { HttpError } from './http-error.ts';
import type { Resource } from './model.ts';
import * as rows from './object-rows.ts';
import { uploadedBytes, type XnatRequest } from './request.ts';
import { found, type Place, type Target } from './resolve-path.ts';
import type { XnatServer } from './server-context.ts';
import type { FileAttributes } from './store.ts';
import { bytesReply, jsonReply, type Reply, tableReply, textReply } from './tables.ts';
import { untarGz } from './untar.ts';

type ResourceTarget = Extract<Target, { kind: 'resources' | 'resource' | 'files' | 'file' }>;

/** Resources and their files: lists, zip, single files, creation, upload and deletion. */
export async function resourceRoute(
  server: XnatServer,
  target: ResourceTarget,
  request: XnatRequest,
): Promise<Reply> {
  const writes = request.method === 'PUT' || request.method === 'POST';
  if (target.kind === 'resources') return listResources(server, target.place, request.query);
  if (target.kind === 'resource') {
    if (request.method === 'GET')
      return catalogReply(found(target.resource, `Resource ${target.label} not found.`));
    if (writes) return createResource(server, target, request.query);
    if (request.method === 'DELETE') return deleteResource(server, target);
  }
  if (target.kind === 'files') {
    if (request.method === 'GET') return listFiles(server, target, request.query);
    if (writes) return uploadWithoutName(server, target, request);
  }
  if (target.kind === 'file') {
    if (request.method === 'GET') return sendFile(server, target);
    if (writes) return upload(server, target, request);
    if (request.method === 'DELETE') return deleteFile(server, target);
  }
  throw new HttpError(405, `${request.method} is not allowed here.`);
}

function listResources(server: XnatServer, place: Place, query: URLSearchParams): Reply {
  return tableReply(
    {
      columns: rows.RESOURCE_COLUMNS,
      rows: server.store.resourcesOf(place.holder).map((resource) => rows.resourceRow(resource, place)),
    },
    query,
  );
}

/** XNAT answers with the catalogue's XML here whatever `format` says. */
function catalogReply(resource: Resource): Reply {
  const entries = resource.files.map(
    (file) =>
      `<cat:entry ID="${quoted(file.path)}" URI="${quoted(file.path)}" name="${quoted(file.path)}" digest="${file.digest}"${file.uid === undefined ? '' : ` UID="${file.uid}"`}/>`,
  );
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<cat:Catalog ID="${resource.id}" name="${quoted(resource.label)}" xmlns:cat="http://nrg.wustl.edu/catalog"><cat:entries>${entries.join('')}</cat:entries></cat:Catalog>`;
  return bytesReply(Buffer.from(xml), 'text/xml;charset=UTF-8');
}

function quoted(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function attributesOf(query: URLSearchParams): FileAttributes {
  const given = ['format', 'content', 'tags'].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, value]];
  });
  return Object.fromEntries(given) as FileAttributes;
}

function createResource(
  server: XnatServer,
  { place, label, resource }: Extract<ResourceTarget, { kind: 'resource' }>,
  query: URLSearchParams,
): Reply {
  if (resource !== undefined) throw new HttpError(409, 'Specified resource already exists.');
  const created = server.store.createResource(place.holder, label, attributesOf(query));
  server.store.save();
  server.events.resourceSaved(place, created, 'CREATED');
  return textReply('');
}

function deleteResource(
  server: XnatServer,
  { place, label, resource }: Extract<ResourceTarget, { kind: 'resource' }>,
): Reply {
  server.store.deleteResource(place.holder, found(resource, `Resource ${label} not found.`));
  server.store.save();
  return textReply('');
}

interface Listed {
  readonly place: Place;
  readonly resource: Resource;
}

function listedResources(
  server: XnatServer,
  { places, label }: Extract<ResourceTarget, { kind: 'files' }>,
): Listed[] {
  return places.flatMap((place) =>
    server.store
      .resourcesOf(place.holder)
      .filter((resource) => label === undefined || resource.label === label || String(resource.id) === label)
      .map((resource) => ({ place, resource })),
  );
}

function listFiles(
  server: XnatServer,
  target: Extract<ResourceTarget, { kind: 'files' }>,
  query: URLSearchParams,
): Reply {
  const listed = listedResources(server, target);
  if (target.label !== undefined && listed.length === 0) {
    throw new HttpError(404, `Resource ${target.label} not found.`);
  }
  if (query.get('format') === 'zip') return zipReply(server, listed, query);
  return tableReply(
    {
      columns: rows.FILE_COLUMNS,
      rows: listed.flatMap(({ place, resource }) => rows.fileRows(resource, place)),
    },
    query,
  );
}

/** Entries lie at `<SESSION>/scans/<ID>-<type>/resources/<LABEL>/files/<name>`. */
function zipReply(server: XnatServer, listed: readonly Listed[], query: URLSearchParams): Reply {
  const entries = listed.flatMap(({ place, resource }) =>
    resource.files.map((file): [string, Uint8Array] => [
      `${place.zipFolder}/resources/${resource.label}/files/${file.path}`,
      server.store.readFile(resource, file),
    ]),
  );
  if (entries.length === 0) {
    if (query.get('accept-not-found') === 'true') return { status: 204, headers: {}, body: '' };
    throw new HttpError(404, 'Unable to find the specified resources.');
  }
  return bytesReply(zipSync(Object.fromEntries(entries), { level: 0 }), 'application/zip');
}

function sendFile(server: XnatServer, target: Extract<ResourceTarget, { kind: 'file' }>): Reply {
  const resource = found(target.resource, `Resource ${target.label} not found.`);
  const file = found(
    resource.files.find((one) => one.path === target.path),
    `File ${target.path} not found.`,
  );
  return bytesReply(server.store.readFile(resource, file));
}

async function upload(
  server: XnatServer,
  target: Extract<ResourceTarget, { kind: 'file' }>,
  request: XnatRequest,
): Promise<Reply> {
  const contentType = request.header('content-type');
  const inBody = request.query.get('inbody') === 'true';
  if (inBody && contentType.startsWith('multipart/')) {
    throw new HttpError(406, 'A multipart body cannot be sent with inbody=true.');
  }
  const bytes = uploadedBytes(await request.body(), contentType);
  if (bytes.length === 0 && contentType !== 'application/zip') {
    throw new HttpError(400, 'The body is empty.');
  }
  // Another request may have made the resource while this one's body arrived.
  const existing = server.store.findResource(target.place.holder, target.label);
  const attributes = attributesOf(request.query);
  const resource = existing ?? server.store.createResource(target.place.holder, target.label, attributes);
  const files = unpacked(target.path, bytes, request.query);
  const present = new Set(resource.files.map((file) => file.path));
  const duplicates = files.filter(([path]) => present.has(path)).map(([path]) => path);
  if (duplicates.length > 0 && request.query.get('overwrite') !== 'true') return jsonReply({ duplicates });
  for (const [path, content] of files) server.store.putFile(resource, path, content, attributes);
  server.store.save();
  server.events.resourceSaved(target.place, resource, existing === undefined ? 'CREATED' : 'UPDATED');
  return textReply('');
}

/** `extract=true` unpacks an archive beside its own name; anything else is one file. */
function unpacked(
  path: string,
  bytes: Uint8Array,
  query: URLSearchParams,
): (readonly [string, Uint8Array])[] {
  if (query.get('extract') !== 'true') return [[path, bytes]];
  const folder = path.includes('/') ? `${path.slice(0, path.lastIndexOf('/'))}/` : '';
  const entries = /\.t(ar\.)?gz$/i.test(path) ? untarGz(bytes) : Object.entries(unzipSync(bytes));
  return entries
    .filter(([name]) => !name.endsWith('/'))
    .map(([name, content]) => [`${folder}${name}`, content] as const);
}

/** A body sent to `.../files` itself: multipart, where the part names the file. */
async function uploadWithoutName(
  server: XnatServer,
  target: Extract<ResourceTarget, { kind: 'files' }>,
  request: XnatRequest,
): Promise<Reply> {
  const body = await request.body();
  const name = /filename="([^"]+)"/.exec(body.subarray(0, 2048).toString('utf8'))?.[1];
  const [place] = target.places;
  if (name === undefined || place === undefined || target.label === undefined) {
    throw new HttpError(400, 'The upload names no file.');
  }
  const resource = server.store.findResource(place.holder, target.label);
  return upload(server, { kind: 'file', place, label: target.label, resource, path: name }, request);
}

function deleteFile(server: XnatServer, target: Extract<ResourceTarget, { kind: 'file' }>): Reply {
  const resource = found(target.resource, `Resource ${target.label} not found.`);
  const file = found(
    resource.files.find((one) => one.path === target.path),
    `File ${target.path} not found.`,
  );
  server.store.deleteFile(resource, file);
  server.store.save();
  return textReply('');
}
