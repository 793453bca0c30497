import { PipelineError } from '../contracts/errors.ts';
import {
  type SessionHint,
  WEBHOOK_MAX_BYTES,
  WEBHOOK_TOLERANCE_SECONDS,
  WebhookBody,
} from '../contracts/events.ts';
import { sessionRecordId } from '../contracts/identifiers.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { Ports } from '../ports/index.ts';
import { createUnlessThere } from './create-unless-there.ts';
import { isSignedBy, isTimely, readWebhookHeaders, type WebhookHeaders } from './webhook-signature.ts';

export interface WebhookDelivery {
  /** Archive named in the path: decides which secret counts. */
  readonly archiveId: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Uint8Array;
}

export interface WebhookReceipt {
  readonly deliveryId: string;
  /** True when a delivery of this id was taken before. */
  readonly duplicate: boolean;
}

type ReceivePorts = Pick<Ports, 'records' | 'secrets' | 'hints' | 'clock'>;

const MAX_WEBHOOK_ID = 128;
const REPLAY_DAYS = 30;

/**
 * Takes one signed webhook: nothing of a body is believed, or even parsed, before its signature was checked.
 *
 * A repeated delivery is sent on again unless its hint is known to have counted. So a crash between the replay
 * record and the queue loses nothing, and the hint's own delivery id makes the second message harmless.
 *
 * @throws PayloadTooLarge, InvalidSignature, StaleTimestamp, MalformedBody, UnknownSchemaVersion, NotFound
 */
export async function receiveWebhook(
  delivery: WebhookDelivery,
  ports: ReceivePorts,
): Promise<WebhookReceipt> {
  requireSize(delivery.rawBody);
  const headers = await requireSignature(delivery, ports);
  requireTimely(headers, ports);
  const body = parseBody(delivery);
  await requireProject(body, ports);
  const hint = toHint(body, headers.id);
  const duplicate = !(await recordReceipt(hint, headers.id, ports));
  const counted = duplicate && (await ports.records.get('delivery', hint.project, hint.deliveryId)) !== null;
  if (!counted) await ports.hints.send(hint);
  return { deliveryId: hint.deliveryId, duplicate };
}

function requireSize({ byteLength }: Uint8Array): void {
  if (byteLength <= WEBHOOK_MAX_BYTES) return;
  throw new PipelineError(
    'PayloadTooLarge',
    `the body has ${byteLength} bytes, at most ${WEBHOOK_MAX_BYTES} are taken; send ids, not content`,
    { byteLength, maximum: WEBHOOK_MAX_BYTES },
  );
}

async function requireSignature(
  delivery: WebhookDelivery,
  { secrets }: ReceivePorts,
): Promise<WebhookHeaders> {
  const headers = readWebhookHeaders(delivery.headers);
  if (!headers || headers.id.length > MAX_WEBHOOK_ID) throw invalidSignature();
  const known = await secretsOf(delivery.archiveId, secrets, false);
  if (isSignedBy(headers, delivery.rawBody, known)) return headers;
  // The secret may have been rotated since it was read.
  const fresh = await secretsOf(delivery.archiveId, secrets, true);
  if (isSignedBy(headers, delivery.rawBody, fresh)) return headers;
  throw invalidSignature();
}

/** An archive that is not configured has no secret, and so no valid signature: callers cannot tell the two apart. */
async function secretsOf(archiveId: string, secrets: Ports['secrets'], refresh: boolean): Promise<string[]> {
  try {
    return await secrets.webhookSecrets(archiveId, { refresh });
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'NotFound') return [];
    throw error;
  }
}

function invalidSignature(): PipelineError {
  return new PipelineError(
    'InvalidSignature',
    'webhook-id, webhook-timestamp and webhook-signature must sign this body with the secret of this archive',
  );
}

function requireTimely({ timestamp }: WebhookHeaders, { clock }: ReceivePorts): void {
  if (isTimely(timestamp, clock.now())) return;
  throw new PipelineError(
    'StaleTimestamp',
    `webhook-timestamp is more than ${WEBHOOK_TOLERANCE_SECONDS} s away from the time here; check the sender's clock`,
  );
}

function parseBody({ rawBody, archiveId }: WebhookDelivery): WebhookBody {
  const value = parseJson(rawBody);
  const version: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'schemaVersion') : 0;
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new PipelineError(
      'UnknownSchemaVersion',
      `the body has schema version ${version}, this release reads up to ${SCHEMA_VERSION}; update Contourflow`,
    );
  }
  const parsed = WebhookBody.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'body'}: ${message}`,
    );
    throw new PipelineError('MalformedBody', `the body is not a webhook of ours: ${problems.join('; ')}`, {
      problems,
    });
  }
  if (parsed.data.archiveId === archiveId) return parsed.data;
  throw new PipelineError(
    'MalformedBody',
    `the body names another archive than the path, which is "${archiveId}"`,
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PipelineError(
      'MalformedBody',
      'the body is not JSON in UTF-8; send the documented object',
      {},
      { cause },
    );
  }
}

async function requireProject({ project, archiveId }: WebhookBody, { records }: ReceivePorts): Promise<void> {
  const found = await records.get('project', project, project);
  if (found?.state === 'active' && found.archiveId === archiveId) return;
  throw new PipelineError(
    'NotFound',
    `no active project ${project} follows archive ${archiveId}; enable machine learning in the project first`,
    { project, archiveId },
  );
}

function toHint({ archiveId, project, session }: WebhookBody, webhookId: string): SessionHint {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'session-hint',
    deliveryId: `${archiveId}:${webhookId}`,
    cause: 'webhook',
    archiveId,
    project,
    session,
    uploadManifestKey: null,
  };
}

/** Replay record of this webhook id; false when there is one. The hint's own record says whether it has counted. */
function recordReceipt(hint: SessionHint, webhookId: string, ports: ReceivePorts): Promise<boolean> {
  const seconds = Math.floor(ports.clock.now().getTime() / 1000);
  return createUnlessThere<'delivery'>(ports.records, {
    entity: 'delivery',
    project: hint.project,
    id: `received:${hint.archiveId}:${webhookId}`,
    uploadManifestKey: null,
    state: 'accepted',
    cause: 'webhook',
    session: sessionRecordId(hint.archiveId, hint.session),
    problem: null,
    expiresAt: seconds + REPLAY_DAYS * 86_400,
  });
}
