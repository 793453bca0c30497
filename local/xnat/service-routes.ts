import { readFileSync } from 'node:fs';
import { HttpError } from './http-error.ts';
import { importRoute } from './import-routes.ts';
import type { XnatRequest } from './request.ts';
import type { XnatServer } from './server-context.ts';
import { bytesReply, jsonReply, type Reply, type Row, tableReply, textReply } from './tables.ts';

/** The release whose behaviour this server shows. */
const XNAT_VERSION = '1.9.2';

const ELEMENTS = [
  'xnat:projectData',
  'xnat:subjectData',
  'xnat:ctSessionData',
  'xnat:mrSessionData',
  'xnat:petSessionData',
  'xnat:usSessionData',
  'xnat:ctScanData',
  'icr:roiCollectionData',
];

/** `/data/services/...`: aliases, catalogue refresh and import. */
export async function serviceRoute(
  server: XnatServer,
  rest: readonly string[],
  request: XnatRequest,
): Promise<Reply> {
  const [service, action, alias = '', secret = ''] = rest;
  if (service === 'import' && request.method === 'POST') return importRoute(server, request);
  if (service === 'refresh' && action === 'catalog' && request.method === 'POST') return textReply('');
  if (service !== 'tokens') throw new HttpError(404, 'There is no such service.');
  if (action === 'issue') return jsonReply(tokenJson(server, request.user));
  if (action === 'validate') {
    const user = server.auth.validateToken(alias, secret);
    return jsonReply(user === null ? {} : { valid: user });
  }
  if (action === 'invalidate') {
    server.auth.revokeToken(alias, secret);
    return jsonReply({ result: 'OK' });
  }
  throw new HttpError(404, 'There is no such token call.');
}

function tokenJson(server: XnatServer, user: string): Record<string, unknown> {
  const token = server.auth.issueToken(user);
  return {
    secret: token.secret,
    estimatedExpirationTime: token.expires,
    alias: token.alias,
    xdatUserId: user,
    singleUse: false,
    id: server.store.nextNumber(),
    disabled: 0,
    created: token.created,
    enabled: true,
    timestamp: token.created,
  };
}

/** `/data/search/elements[/{type}]`: what clients ask while they connect. */
export function searchRoute(rest: readonly string[], query: URLSearchParams): Reply {
  const [what, type] = rest;
  if (what !== 'elements') throw new HttpError(404, 'There is no such search.');
  if (type !== undefined) {
    return tableReply({ columns: ['FIELD_ID', 'TYPE'], rows: [{ FIELD_ID: 'ID', TYPE: 'string' }] }, query);
  }
  return tableReply({ columns: ['ELEMENT_NAME', 'SECURED'], rows: ELEMENTS.map(elementRow) }, query);
}

const elementRow = (name: string): Row => ({ ELEMENT_NAME: name, SECURED: 'true' });

/** `/xapi/siteConfig` and `/xapi/schemas`. */
export function siteRoute(rest: readonly string[]): Reply {
  const path = rest.join('/');
  if (path === 'siteConfig/buildInfo') return jsonReply({ version: XNAT_VERSION });
  if (path === 'schemas') return jsonReply(['xnat', 'icr/icr']);
  if (path === 'schemas/xnat' || path === 'schemas/xnat/xnat') return schemaReply('xnat.xsd');
  if (path === 'schemas/icr/icr' || path === 'schemas/icr') return schemaReply('icr.xsd');
  throw new HttpError(404, 'There is no such call.');
}

function schemaReply(file: string): Reply {
  return bytesReply(readFileSync(new URL(`schemas/${file}`, import.meta.url)), 'application/xml');
}
