import { setTimeout as delay } from 'node:timers/promises';
import { PipelineError } from '../../contracts/errors.ts';

export interface XnatConnection {
  /** Site URL, path prefix included: `https://xnat.example.org`, `https://example.org/xnat`. */
  readonly baseUrl: string;
  /** A user name and password, or an alias token and its secret. */
  readonly username: string;
  readonly password: string;
  /** Longest one request may take, body included. @default 60 000 */
  readonly timeoutMs?: number;
  /** Never a browser's: XNAT asks browsers for a CSRF token. @default contourflow/0.1 */
  readonly userAgent?: string;
  /** Largest answer read, bytes. @default 512 MiB */
  readonly maximumBytes?: number;
  /** Waits before the second, third... try of one request, ms. @default [200, 1000] */
  readonly retryDelaysMs?: readonly number[];
}

interface XnatCall {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below the site: `/data/...` or `/xapi/...`, encoded. */
  readonly path: string;
  readonly body?: Uint8Array;
  /** Statuses other than 2xx that are answers here, not failures. */
  readonly accept?: readonly number[];
}

export interface XnatAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** Sends calls under one server session, opened by the first call and reused by all. */
export interface XnatHttp {
  /** @throws PipelineError ArchiveUnavailable (network, time limit, 5xx) or ArchiveRejected (any other refusal). */
  send(call: XnatCall): Promise<XnatAnswer>;
  close(): Promise<void>;
}

const DEFAULTS = {
  timeoutMs: 60_000,
  userAgent: 'contourflow/0.1',
  maximumBytes: 512 * 2 ** 20,
  retryDelaysMs: [200, 1000],
} as const;

export function createXnatHttp(connection: XnatConnection): XnatHttp {
  const settings: Settings = { ...DEFAULTS, ...connection };
  let cookies: Promise<string> | undefined;
  const logIn = (): Promise<string> => {
    cookies ??= openServerSession(settings).catch((error: unknown) => {
      cookies = undefined;
      throw error;
    });
    return cookies;
  };
  const attempt = async (call: XnatCall): Promise<XnatAnswer> => {
    const used = logIn();
    const answer = await request(settings, call, { cookie: await used });
    if (answer.status !== 401) return answer;
    // The server session ended in the middle of the job: one new login, shared by all calls that noticed.
    if (cookies === used) cookies = undefined;
    return request(settings, call, { cookie: await logIn() });
  };
  return {
    send: async (call) => {
      for (const pause of settings.retryDelaysMs) {
        try {
          return checked(call, await attempt(call));
        } catch (error) {
          if (!(error instanceof PipelineError && error.retryable)) throw error;
          await delay(pause);
        }
      }
      return checked(call, await attempt(call));
    },
    close: async () => {
      const open = cookies;
      cookies = undefined;
      if (open === undefined) return;
      // A server session that cannot be closed ends by itself; the work is done either way.
      await open
        .then((cookie) => request(settings, { method: 'DELETE', path: '/data/JSESSION' }, { cookie }))
        .catch(() => undefined);
    },
  };
}

type Settings = Required<XnatConnection>;

/** `POST /data/JSESSION` with Basic credentials: each Basic call costs XNAT a server session, so there is one. */
async function openServerSession(settings: Settings): Promise<string> {
  const credentials = Buffer.from(`${settings.username}:${settings.password}`).toString('base64');
  const call: XnatCall = { method: 'POST', path: '/data/JSESSION' };
  const answer = await request(settings, call, { authorization: `Basic ${credentials}` });
  checked(call, answer);
  if (answer.cookies !== '') return answer.cookies;
  return `JSESSIONID=${Buffer.from(answer.bytes).toString('utf8').trim()}`;
}

async function request(
  settings: Settings,
  call: XnatCall,
  identity: Readonly<Record<string, string>>,
): Promise<XnatAnswer & { cookies: string }> {
  try {
    const response = await fetch(`${settings.baseUrl.replace(/\/+$/, '')}${call.path}`, {
      method: call.method,
      headers: {
        ...identity,
        'user-agent': settings.userAgent,
        ...(call.body === undefined ? {} : { 'content-type': 'application/octet-stream' }),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(settings.timeoutMs),
      ...(call.body === undefined ? {} : { body: call.body as Uint8Array<ArrayBuffer> }),
    });
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      bytes: await readBounded(response, settings.maximumBytes, call),
      cookies: response.headers
        .getSetCookie()
        .map((cookie) => cookie.split(';')[0])
        .join('; '),
    };
  } catch (error) {
    if (error instanceof PipelineError) throw error;
    const reason =
      (error as Error).name === 'TimeoutError' ? `no answer in ${settings.timeoutMs} ms` : 'no connection';
    throw new PipelineError(
      'ArchiveUnavailable',
      `XNAT gave ${reason} for ${call.method} ${pathOnly(call)}; it is tried again by itself, check that the server is up`,
      { path: pathOnly(call) },
      { cause: error },
    );
  }
}

async function readBounded(response: Response, maximumBytes: number, call: XnatCall): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > maximumBytes) {
      throw new PipelineError(
        'ArchiveRejected',
        `XNAT's answer to ${call.method} ${pathOnly(call)} is larger than the allowed ${maximumBytes} bytes; split the series or raise the limit`,
        { path: pathOnly(call), maximumBytes },
      );
    }
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}

const WHAT_TO_DO: Readonly<Record<number, string>> = {
  401: 'check the user name and the secret stored for this archive',
  403: 'give its user at least member access to the project and to icr:roiCollectionData',
  404: 'check that it still exists and that the user may see the project',
  413: 'raise the upload limit of the XNAT proxy',
  422: 'the content was refused; see the reason in the XNAT log',
};

/** XNAT's error bodies are HTML and may quote labels, so they never reach a message. */
function checked<A extends XnatAnswer>(call: XnatCall, answer: A): A {
  const { status } = answer;
  if ((status >= 200 && status < 300) || call.accept?.includes(status)) return answer;
  const details = { path: pathOnly(call), status };
  if (status >= 500 || status === 408 || status === 429) {
    throw new PipelineError(
      'ArchiveUnavailable',
      `XNAT answered ${status} to ${call.method} ${pathOnly(call)}; it is tried again by itself, see the XNAT log if it goes on`,
      details,
    );
  }
  const advice =
    WHAT_TO_DO[status] ??
    (status < 400
      ? 'set the archive URL to the address XNAT redirects to'
      : 'see the reason in the XNAT log');
  throw new PipelineError(
    'ArchiveRejected',
    `XNAT answered ${status} to ${call.method} ${pathOnly(call)}; ${advice}`,
    details,
  );
}

/** Without its query; the ids in it are XNAT's own. */
function pathOnly(call: XnatCall): string {
  return call.path.split('?')[0] ?? call.path;
}
