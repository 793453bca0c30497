import { createHmac, timingSafeEqual } from 'node:crypto';
import { WEBHOOK_TOLERANCE_SECONDS } from '../contracts/events.ts';

/** Headers of Standard Webhooks v1; names in lower case, as HTTP APIs deliver them. */
export interface WebhookHeaders {
  readonly id: string;
  readonly timestamp: string;
  readonly signatures: readonly string[];
}

const SECRET_PREFIX = 'whsec_';
const MAX_SIGNATURES = 10;

/** The three headers, or null when one is missing or empty. */
export function readWebhookHeaders(
  headers: Readonly<Record<string, string | undefined>>,
): WebhookHeaders | null {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signature = headers['webhook-signature'];
  if (!id || !timestamp || !signature) return null;
  return { id, timestamp, signatures: signature.split(' ').slice(0, MAX_SIGNATURES) };
}

/**
 * Whether one of the `v1` signatures is HMAC-SHA256 over `id.timestamp.body` under one of the secrets. Every pair is
 * compared, in constant time, so that the answer's timing tells nothing.
 *
 * @param body - the bytes as they came; parsed and written again they would differ
 * @param secrets - `whsec_<base64>`
 */
export function isSignedBy(headers: WebhookHeaders, body: Uint8Array, secrets: readonly string[]): boolean {
  const offered = headers.signatures
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice('v1,'.length), 'base64'));
  let fits = false;
  for (const secret of secrets) {
    const expected = signWebhook(headers, body, secret);
    for (const signature of offered) {
      const equal = signature.length === expected.length && timingSafeEqual(signature, expected);
      fits = equal || fits;
    }
  }
  return fits;
}

export function signWebhook(
  { id, timestamp }: Pick<WebhookHeaders, 'id' | 'timestamp'>,
  body: Uint8Array,
  secret: string,
): Buffer {
  const key = Buffer.from(
    secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret,
    'base64',
  );
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}

/** Whether the timestamp lies within five minutes of now, either way. */
export function isTimely(timestamp: string, now: Date): boolean {
  if (!/^[0-9]{1,12}$/.test(timestamp)) return false;
  return Math.abs(now.getTime() / 1000 - Number(timestamp)) <= WEBHOOK_TOLERANCE_SECONDS;
}
