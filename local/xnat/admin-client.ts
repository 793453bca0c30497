import { zipSync } from 'fflate';
import { EVENT_CLASS, NOTIFIER_ACTION } from './events.ts';
import { HttpError } from './http-error.ts';

/** What a site administrator and a person at the viewer do to an XNAT: set-up for the demo and for tests. */
export interface XnatAdmin {
  createProject(id: string): Promise<void>;
  /** Imports one DICOM study and answers the session's accession number. */
  importSession(session: SessionImport): Promise<string>;
  /** The viewer's save: answers the collection's accession number. */
  saveRoiCollection(roi: RoiSave): Promise<string>;
  /** Turns the Event Service on and subscribes the notifier to saved contours and archived sessions. */
  subscribe(project: string, hookUrl: string): Promise<void>;
  unsubscribe(project: string): Promise<void>;
  deliveries(project: string): Promise<{ id: string; status: string; 'status-message': string }[]>;
  deleteSession(session: string): Promise<void>;
}

export interface SessionImport {
  readonly project: string;
  readonly subject: string;
  readonly session: string;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly overwrite?: 'none' | 'append' | 'delete';
}

export interface RoiSave {
  readonly project: string;
  /** Accession number, not label. */
  readonly session: string;
  readonly label: string;
  readonly type: 'AIM' | 'RTSTRUCT' | 'SEG';
  readonly content: Uint8Array | string;
  readonly overwrite?: boolean;
}

export interface XnatLogin {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

export function createXnatAdmin(login: XnatLogin): XnatAdmin {
  const call = caller(login);
  const subscriptionPath = (project: string): string =>
    `/xapi/projects/${encodeURIComponent(project)}/events`;
  return {
    createProject: async (id) => {
      await call('PUT', `/data/projects/${encodeURIComponent(id)}`);
    },
    importSession: async (session) => {
      const { project, subject, session: label, overwrite = 'none' } = session;
      const query = new URLSearchParams({
        'import-handler': 'DICOM-zip',
        inbody: 'true',
        dest: '/archive',
        project,
        subject,
        session: label,
        overwrite,
      });
      const content = zipSync(Object.fromEntries(session.files.map((file) => [file.name, file.bytes])), {
        level: 0,
      });
      await call('POST', `/data/services/import?${query}`, content, 'application/zip');
      return sessionId(call, project, label);
    },
    saveRoiCollection: async ({ project, session, label, type, content, overwrite = false }) => {
      const path = `/xapi/roi/projects/${encodeURIComponent(project)}/sessions/${session}/collections/${encodeURIComponent(label)}`;
      return call('PUT', `${path}?type=${type}&overwrite=${overwrite}`, content);
    },
    subscribe: async (project, hookUrl) => {
      await call('PUT', '/xapi/events/prefs', JSON.stringify({ enabled: true }), 'application/json');
      for (const subscription of notifierSubscriptions(project, hookUrl)) {
        const body = JSON.stringify(subscription);
        await call('POST', `${subscriptionPath(project)}/subscription`, body, 'application/json');
      }
    },
    unsubscribe: async (project) => {
      const listed = JSON.parse(await call('GET', `${subscriptionPath(project)}/subscriptions`)) as {
        id: number;
      }[];
      for (const { id } of listed) await call('DELETE', `${subscriptionPath(project)}/subscription/${id}`);
    },
    deliveries: async (project) => JSON.parse(await call('GET', `${subscriptionPath(project)}/delivered`)),
    deleteSession: async (session) => {
      await call('DELETE', `/data/experiments/${session}`);
    },
  };
}

type Call = (
  method: string,
  path: string,
  body?: Uint8Array | string,
  contentType?: string,
) => Promise<string>;

function caller({ url, user, password }: XnatLogin): Call {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return async (method, path, body, contentType = 'application/octet-stream') => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization, 'user-agent': 'contourflow-setup/1.0', 'content-type': contentType },
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new HttpError(response.status, `${method} ${path.split('?')[0]}: ${response.status} ${text}`);
    }
    return text;
  };
}

async function sessionId(call: Call, project: string, label: string): Promise<string> {
  const path = `/data/projects/${encodeURIComponent(project)}/experiments?columns=ID,label&format=json`;
  const list = JSON.parse(await call('GET', path)) as {
    ResultSet: { Result: { ID: string; label: string }[] };
  };
  const row = list.ResultSet.Result.find((one) => one.label === label);
  if (row === undefined)
    throw new Error(`session ${label} is not in the list of project ${project} after its import`);
  return row.ID;
}

function notifierSubscriptions(project: string, hookUrl: string): Record<string, unknown>[] {
  const subscription = (name: string, type: string, status: string, filter: string) => ({
    name,
    active: true,
    'action-key': NOTIFIER_ACTION,
    attributes: { 'hook-url': hookUrl },
    'event-filter': {
      'event-type': `${EVENT_CLASS}${type}`,
      status,
      'project-ids': [project],
      'payload-filter': filter,
    },
    'act-as-event-user': false,
  });
  const savedRoi = '@.xsiType == "icr:roiCollectionData"';
  return [
    subscription('roi-created', 'ImageAssessorEvent', 'CREATED', savedRoi),
    subscription('roi-updated', 'ImageAssessorEvent', 'UPDATED', savedRoi),
    subscription('session-archived', 'SessionEvent', 'CREATED', ''),
  ];
}
