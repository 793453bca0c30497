import { createHmac } from 'node:crypto';
import type { Delivery } from './model.ts';
import type { Store } from './store.ts';

/** How the notifier behaves; the secret is the server's, never a subscription's. */
export interface WebhookSettings {
  /** `whsec_<base64>` (Standard Webhooks). */
  readonly secret: string;
  readonly maximumAttempts: number;
  readonly firstRetryMs: number;
}

interface WebhookSender {
  /** Sends what is waiting, now and after each retry delay. */
  wake(): void;
  stop(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 15_000;
const LONGEST_RETRY_MS = 60_000;
const PARALLEL = 4;
/** Finished deliveries kept for the history list. */
const HISTORY = 500;

export function createWebhookSender(store: Store, settings: WebhookSettings): WebhookSender {
  const sending = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const wake = (): void => {
    if (stopped) return;
    clearTimeout(timer);
    const waiting = Object.values(store.state.deliveries).filter(
      (delivery) => delivery.state === 'waiting' && !sending.has(delivery.id),
    );
    const due = waiting.filter((delivery) => delivery.nextAttemptMs <= Date.now());
    for (const delivery of due.slice(0, PARALLEL - sending.size)) {
      const attempt = attemptDelivery(delivery, settings).finally(() => {
        sending.delete(delivery.id);
        forgetOldest(store);
        store.save();
        wake();
      });
      sending.set(delivery.id, attempt);
    }
    const later = waiting.filter((delivery) => delivery.nextAttemptMs > Date.now());
    if (later.length > 0) {
      const soonest = Math.min(...later.map((delivery) => delivery.nextAttemptMs));
      timer = setTimeout(wake, Math.max(1, soonest - Date.now()));
    }
  };
  return {
    wake,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await Promise.all(sending.values());
    },
  };
}

async function attemptDelivery(delivery: Delivery, settings: WebhookSettings): Promise<void> {
  delivery.attempts += 1;
  const timestamp = String(Math.floor(Date.now() / 1000));
  try {
    const response = await fetch(delivery.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': delivery.id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signWebhook(settings.secret, delivery.id, timestamp, delivery.body),
      },
      body: delivery.body,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    finishAttempt(delivery, settings, response.status);
  } catch (error) {
    finishAttempt(delivery, settings, 0, (error as Error).message);
  }
}

/** 2xx is delivered; a refusal is final; anything the receiver may recover from is tried again. */
function finishAttempt(delivery: Delivery, settings: WebhookSettings, status: number, failure = ''): void {
  const retryable = status === 0 || status >= 500 || status === 408 || status === 429;
  delivery.message = status === 0 ? failure : `HTTP ${status}`;
  if (status >= 200 && status < 300) {
    delivery.state = 'delivered';
  } else if (!retryable || delivery.attempts >= settings.maximumAttempts) {
    delivery.state = 'failed';
  } else {
    const wait = Math.min(LONGEST_RETRY_MS, settings.firstRetryMs * 2 ** (delivery.attempts - 1));
    delivery.nextAttemptMs = Date.now() + wait;
  }
}

/** `v1,<base64 HMAC-SHA256 of id.timestamp.body>` under a `whsec_` secret. */
export function signWebhook(secret: string, id: string, timestamp: string, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

function forgetOldest(store: Store): void {
  const finished = Object.values(store.state.deliveries).filter((delivery) => delivery.state !== 'waiting');
  for (const delivery of finished.slice(0, Math.max(0, finished.length - HISTORY))) {
    delete store.state.deliveries[delivery.id];
  }
}
