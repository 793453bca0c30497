import { randomUUID } from 'node:crypto';
import { assessorPayload, resourcePayload, sessionPayload } from './event-payload.ts';
import { type Assessor, type Resource, type Session, type Subscription, sqlTimestamp } from './model.ts';
import { compilePayloadFilter } from './payload-filter.ts';
import type { Place } from './resolve-path.ts';
import type { Store } from './store.ts';
import { createWebhookSender, type WebhookSettings } from './webhook-sender.ts';

export const EVENT_CLASS = 'org.nrg.xnat.eventservice.events.';
/** The notifier command of `docs/`, as the Container Service numbers its wrapper. */
export const NOTIFIER_ACTION = 'org.nrg.containers.services.CommandActionProvider:1';

interface EventServiceOptions extends WebhookSettings {
  /** How this archive calls itself in webhook bodies. */
  readonly archiveId: string;
  /** Time between a save and the processing of its event, when the object is read again. */
  readonly processingDelayMs: number;
}

/** Event Service and Container Service in one: a save becomes an event, a matching subscription a webhook. */
export interface EventService {
  assessorSaved(assessor: Assessor, status: 'CREATED' | 'UPDATED'): void;
  sessionSaved(session: Session): void;
  scanSaved(session: Session, scanId: string): void;
  resourceSaved(place: Place, resource: Resource, status: 'CREATED' | 'UPDATED'): void;
  stop(): Promise<void>;
}

interface SavedObject {
  readonly type: 'ImageAssessorEvent' | 'SessionEvent' | 'ScanEvent' | 'ResourceEvent';
  readonly status: string;
  readonly project: string;
  readonly uri: string;
  readonly session: string;
  readonly assessor?: string;
  /** Null when the object is gone by the time the event is processed. */
  readonly payload: () => Record<string, unknown> | null;
}

export function createEventService(store: Store, options: EventServiceOptions): EventService {
  const sender = createWebhookSender(store, options);
  const timers = new Set<NodeJS.Timeout>();
  const dispatch = (saved: SavedObject): void => {
    const payload = saved.payload();
    if (payload === null) return;
    const matching = Object.values(store.state.subscriptions).filter((one) => matches(one, saved, payload));
    for (const subscription of matching) addDelivery(store, options.archiveId, subscription, saved);
    if (matching.length === 0) return;
    store.save();
    sender.wake();
  };
  const raise = (saved: SavedObject): void => {
    if (!store.state.eventsEnabled) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      dispatch(saved);
    }, options.processingDelayMs);
    timers.add(timer);
  };
  sender.wake();
  return {
    assessorSaved: (assessor, status) => raise(assessorEvent(store, assessor, status)),
    sessionSaved: (session) => raise(sessionEvent(store, session)),
    scanSaved: (session, scanId) => raise(scanEvent(store, session, scanId)),
    resourceSaved: (place, resource, status) => raise(resourceEvent(store, place, resource, status)),
    stop: async () => {
      for (const timer of timers) clearTimeout(timer);
      await sender.stop();
    },
  };
}

function assessorEvent(store: Store, assessor: Assessor, status: string): SavedObject {
  return {
    type: 'ImageAssessorEvent',
    status,
    project: assessor.project,
    uri: `/archive/experiments/${assessor.session}/assessors/${assessor.id}`,
    session: assessor.session,
    assessor: assessor.id,
    payload: () => {
      const current = store.state.assessors[assessor.id];
      return current === undefined ? null : assessorPayload(store, current);
    },
  };
}

function sessionEvent(store: Store, session: Session): SavedObject {
  return {
    type: 'SessionEvent',
    status: 'CREATED',
    project: session.project,
    uri: `/archive/experiments/${session.id}`,
    session: session.id,
    payload: () => {
      const current = store.state.sessions[session.id];
      return current === undefined ? null : sessionPayload(store, current);
    },
  };
}

function scanEvent(store: Store, session: Session, scanId: string): SavedObject {
  const base = sessionEvent(store, session);
  return { ...base, type: 'ScanEvent', uri: `${base.uri}/scans/${scanId}` };
}

function resourceEvent(store: Store, place: Place, resource: Resource, status: string): SavedObject {
  return {
    type: 'ResourceEvent',
    status,
    project: place.project,
    uri: `${place.uri.replace('/data/', '/archive/')}/resources/${resource.id}`,
    session: /experiments\/([^/]+)/.exec(place.uri)?.[1] ?? '',
    payload: () => {
      const current = store.state.resources[String(resource.id)];
      return current === undefined ? null : resourcePayload(current);
    },
  };
}

function matches(subscription: Subscription, saved: SavedObject, payload: unknown): boolean {
  const { filter } = subscription;
  return (
    subscription.active &&
    filter.eventType === `${EVENT_CLASS}${saved.type}` &&
    (filter.status === '' || filter.status === saved.status) &&
    (filter.projectIds.length === 0 || filter.projectIds.includes(saved.project)) &&
    compilePayloadFilter(filter.payloadFilter)(payload)
  );
}

/** Ids only: labels may carry what a person typed. Events of things outside a session have nothing to say to us. */
function addDelivery(store: Store, archiveId: string, subscription: Subscription, saved: SavedObject): void {
  const url = subscription.attributes['hook-url'] ?? '';
  if (url === '' || saved.session === '') return;
  const body = {
    schemaVersion: 1,
    kind: saved.assessor === undefined ? 'session' : 'roi',
    archiveId,
    project: saved.project,
    session: saved.session,
    ...(saved.assessor === undefined ? {} : { assessor: saved.assessor }),
    eventId: String(store.nextNumber()),
  };
  const id = `msg_${randomUUID()}`;
  store.state.deliveries[id] = {
    id,
    subscription: subscription.id,
    eventType: `${EVENT_CLASS}${saved.type}`,
    status: saved.status,
    project: saved.project,
    objectUri: saved.uri,
    url,
    body: JSON.stringify(body),
    created: sqlTimestamp(),
    state: 'waiting',
    attempts: 0,
    nextAttemptMs: Date.now(),
    message: '',
  };
}
