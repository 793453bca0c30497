import { eventRoute } from './event-routes.ts';
import { HttpError } from './http-error.ts';
import { objectRoute } from './object-routes.ts';
import type { XnatRequest } from './request.ts';
import { resolvePath } from './resolve-path.ts';
import { resourceRoute } from './resource-routes.ts';
import { roiRoute } from './roi-routes.ts';
import type { XnatServer } from './server-context.ts';
import { searchRoute, serviceRoute, siteRoute } from './service-routes.ts';
import { type Reply, textReply } from './tables.ts';

/** Answers one authenticated request. */
export async function route(server: XnatServer, request: XnatRequest): Promise<Reply> {
  const [root, ...rest] = request.segments;
  if (root === undefined) return textReply('XNAT');
  if (root === 'xapi') return xapiRoute(server, rest, request);
  if (root === 'data' || root === 'REST') {
    return dataRoute(server, rest[0] === 'archive' ? rest.slice(1) : rest, request);
  }
  throw new HttpError(404, 'The server has not found anything matching the request URI.');
}

async function xapiRoute(server: XnatServer, rest: readonly string[], request: XnatRequest): Promise<Reply> {
  const [what, id, below] = rest;
  if (what === 'roi' && id === 'projects' && below !== undefined) {
    return roiRoute(server, below, rest.slice(3), request);
  }
  if (what === 'events') return eventRoute(server, undefined, rest.slice(1), request);
  if (what === 'projects' && id !== undefined && below === 'events') {
    return eventRoute(server, id, rest.slice(3), request);
  }
  return siteRoute(rest);
}

async function dataRoute(server: XnatServer, rest: readonly string[], request: XnatRequest): Promise<Reply> {
  const [what, ...below] = rest;
  if (what === 'services') return serviceRoute(server, below, request);
  if (what === 'search') return searchRoute(below, request.query);
  const target = resolvePath(server.store, rest);
  if (target === null) {
    throw new HttpError(404, 'The server has not found anything matching the request URI.');
  }
  switch (target.kind) {
    case 'resources':
    case 'resource':
    case 'files':
    case 'file':
      return resourceRoute(server, target, request);
    default:
      return objectRoute(server, target, request);
  }
}
