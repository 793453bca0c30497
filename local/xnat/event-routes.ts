import { EVENT_CLASS, NOTIFIER_ACTION } from './events.ts';
import { HttpError } from './http-error.ts';
import { type Delivery, type Subscription, sqlTimestamp } from './model.ts';
import { compilePayloadFilter } from './payload-filter.ts';
import type { XnatRequest } from './request.ts';
import { found } from './resolve-path.ts';
import type { XnatServer } from './server-context.ts';
import { jsonReply, type Reply, textReply } from './tables.ts';

/** Below `/xapi/events` (site) and `/xapi/projects/{p}/events` (one project). */
export async function eventRoute(
  server: XnatServer,
  project: string | undefined,
  rest: readonly string[],
  request: XnatRequest,
): Promise<Reply> {
  const [what, id, action] = rest;
  const { method } = request;
  if (what === 'prefs') return preferences(server, request);
  if (what === 'subscriptions' && method === 'GET') {
    return jsonReply(subscriptionsOf(server, project).map(subscriptionJson));
  }
  if (what === 'subscription' && id === 'filter') return validateFilter(request);
  if (what === 'subscription' && id === undefined && method === 'POST') {
    return createSubscription(server, project, request);
  }
  if (what === 'subscription' && id !== undefined) return oneSubscription(server, id, action, request);
  if (what === 'delivered') return deliveries(server, project, id);
  if (what === 'events' || what === 'event') return jsonReply(EVENT_TYPES);
  if (what === 'allactions' || what === 'actions' || what === 'actionsbyevent') {
    return jsonReply([{ id: '1', 'action-key': NOTIFIER_ACTION, 'display-name': 'notify-pipeline' }]);
  }
  throw new HttpError(404, 'There is no such event service call.');
}

const EVENT_TYPES = [
  { type: `${EVENT_CLASS}SessionEvent`, statuses: ['CREATED', 'MERGED', 'DELETED'] },
  { type: `${EVENT_CLASS}ScanEvent`, statuses: ['CREATED'] },
  { type: `${EVENT_CLASS}ImageAssessorEvent`, statuses: ['CREATED', 'UPDATED'] },
  { type: `${EVENT_CLASS}ResourceEvent`, statuses: ['CREATED', 'UPDATED'] },
];

async function preferences(server: XnatServer, request: XnatRequest): Promise<Reply> {
  if (request.method !== 'GET') {
    const { enabled } = await jsonBody(request);
    server.store.state.eventsEnabled = enabled === true;
    server.store.save();
  }
  return jsonReply({ enabled: server.store.state.eventsEnabled });
}

function subscriptionsOf(server: XnatServer, project: string | undefined): Subscription[] {
  return Object.values(server.store.state.subscriptions).filter(
    (one) => project === undefined || one.filter.projectIds.includes(project),
  );
}

async function createSubscription(
  server: XnatServer,
  project: string | undefined,
  request: XnatRequest,
): Promise<Reply> {
  const id = server.store.nextNumber();
  const owner = request.user;
  const created = sqlTimestamp();
  const subscription: Subscription = {
    id,
    owner,
    created,
    ...readSubscription(await jsonBody(request), project),
  };
  server.store.state.subscriptions[String(id)] = subscription;
  server.store.save();
  return textReply(`${subscription.name}:${id}`, 201);
}

type SubscriptionFields = Omit<Subscription, 'id' | 'owner' | 'created'>;

/** A project's owner subscribes to that project only, whatever the body says. */
function readSubscription(body: Record<string, unknown>, project: string | undefined): SubscriptionFields {
  const filter = (body['event-filter'] ?? {}) as Record<string, unknown>;
  const eventType = String(filter['event-type'] ?? '');
  if (!EVENT_TYPES.some((one) => one.type === eventType)) {
    throw new HttpError(424, `Event type "${eventType}" is unknown.`);
  }
  const payloadFilter = String(filter['payload-filter'] ?? '');
  compilePayloadFilter(payloadFilter);
  const projectIds = project === undefined ? ((filter['project-ids'] ?? []) as string[]) : [project];
  return {
    name: String(body.name ?? 'subscription'),
    active: body.active !== false,
    actionKey: String(body['action-key'] ?? ''),
    attributes: (body.attributes ?? {}) as Record<string, string>,
    filter: { eventType, status: String(filter.status ?? ''), projectIds, payloadFilter },
  };
}

async function oneSubscription(
  server: XnatServer,
  id: string,
  action: string | undefined,
  request: XnatRequest,
): Promise<Reply> {
  const { subscriptions } = server.store.state;
  const subscription = found(subscriptions[id], `Subscription ${id} not found.`);
  if (request.method === 'DELETE') delete subscriptions[id];
  else if (action === 'activate') subscription.active = true;
  else if (action === 'deactivate') subscription.active = false;
  else if (request.method === 'PUT')
    Object.assign(subscription, readSubscription(await jsonBody(request), undefined));
  else return jsonReply(subscriptionJson(subscription));
  server.store.save();
  return textReply('');
}

async function validateFilter(request: XnatRequest): Promise<Reply> {
  compilePayloadFilter((await request.body()).toString('utf8'));
  return textReply('Filter is valid.');
}

function deliveries(server: XnatServer, project: string | undefined, id: string | undefined): Reply {
  const all = Object.values(server.store.state.deliveries).filter(
    (one) => project === undefined || one.project === project,
  );
  if (id === 'count') return textReply(String(all.length));
  if (id === undefined || id === 'summary') return jsonReply(all.map(deliveryJson));
  return jsonReply(
    deliveryJson(
      found(
        all.find((one) => one.id === id),
        `Delivery ${id} not found.`,
      ),
    ),
  );
}

function subscriptionJson(one: Subscription): Record<string, unknown> {
  return {
    id: one.id,
    name: one.name,
    active: one.active,
    'action-key': one.actionKey,
    attributes: one.attributes,
    'event-filter': {
      'event-type': one.filter.eventType,
      status: one.filter.status,
      'project-ids': one.filter.projectIds,
      'payload-filter': one.filter.payloadFilter,
    },
    'subscription-owner': one.owner,
    created: one.created,
    valid: true,
  };
}

function deliveryJson(one: Delivery): Record<string, unknown> {
  return {
    id: one.id,
    'event-type': one.eventType,
    timestamp: one.created,
    subscription: one.subscription,
    project: one.project,
    trigger: { URI: one.objectUri, status: one.status },
    status: one.state,
    'status-message': one.message,
    attempts: one.attempts,
    error: one.state === 'failed',
  };
}

async function jsonBody(request: XnatRequest): Promise<Record<string, unknown>> {
  try {
    return JSON.parse((await request.body()).toString('utf8')) as Record<string, unknown>;
  } catch {
    throw new HttpError(400, 'The body is not JSON.');
  }
}
