/** What the stand-in keeps: the part of XNAT's data model that its REST calls show. */

export interface StoredFile {
  readonly path: string;
  readonly size: number;
  /** MD5, hexadecimal: XNAT's catalogue digest. */
  readonly digest: string;
  readonly format: string;
  readonly content: string;
  readonly tags: string;
  /** SOPInstanceUID (0008,0018) of a DICOM file: XNAT's `cat:entry@UID`. */
  readonly uid?: string;
}

export interface Resource {
  /** `xnat_abstractresource_id`, unique across the whole server: clients cache by it. */
  readonly id: number;
  readonly label: string;
  readonly format: string;
  readonly content: string;
  readonly tags: string;
  files: StoredFile[];
}

/** Anything that can hold resources, by number. */
export interface ResourceHolder {
  resources: number[];
}

export interface Project extends ResourceHolder {
  readonly id: string;
  name: string;
  description: string;
  readonly insertDate: string;
}

export interface Subject extends ResourceHolder {
  readonly id: string;
  readonly label: string;
  readonly project: string;
  readonly insertDate: string;
}

export interface Scan extends ResourceHolder {
  readonly id: string;
  readonly rowId: number;
  xsiType: string;
  type: string;
  seriesUid: string;
  seriesDescription: string;
  modality: string;
  quality: string;
}

export interface Session extends ResourceHolder {
  readonly id: string;
  readonly label: string;
  readonly project: string;
  readonly subject: string;
  readonly xsiType: string;
  readonly insertDate: string;
  date: string;
  modality: string;
  studyUid: string;
  scans: Scan[];
}

/** An `icr:roiCollectionData`; `resources` is its `out` list. */
export interface Assessor extends ResourceHolder {
  readonly id: string;
  readonly label: string;
  readonly project: string;
  readonly session: string;
  readonly insertDate: string;
  readonly date: string;
  readonly time: string;
  collectionType: string;
  name: string;
  uid: string;
  seriesUids: string[];
}

interface EventFilter {
  readonly eventType: string;
  readonly status: string;
  readonly projectIds: readonly string[];
  readonly payloadFilter: string;
}

export interface Subscription {
  readonly id: number;
  name: string;
  active: boolean;
  actionKey: string;
  attributes: Readonly<Record<string, string>>;
  filter: EventFilter;
  readonly owner: string;
  readonly created: string;
}

type DeliveryState = 'waiting' | 'delivered' | 'failed';

/** One event on its way to one hook; kept until it is delivered or given up. */
export interface Delivery {
  /** Also the `webhook-id`: the same for every attempt. */
  readonly id: string;
  readonly subscription: number;
  readonly eventType: string;
  readonly status: string;
  readonly project: string;
  readonly objectUri: string;
  readonly url: string;
  readonly body: string;
  readonly created: string;
  state: DeliveryState;
  attempts: number;
  nextAttemptMs: number;
  message: string;
}

export interface AliasToken {
  readonly alias: string;
  readonly secret: string;
  readonly user: string;
  readonly created: number;
  readonly expires: number;
}

export interface XnatState {
  readonly schemaVersion: 1;
  /** Last number given to any row: resources, subjects, sessions, subscriptions and events share it. */
  lastNumber: number;
  projects: Record<string, Project>;
  subjects: Record<string, Subject>;
  sessions: Record<string, Session>;
  assessors: Record<string, Assessor>;
  resources: Record<string, Resource>;
  subscriptions: Record<string, Subscription>;
  deliveries: Record<string, Delivery>;
  /** `eventService.enabled`: off until an administrator turns it on, as in XNAT. */
  eventsEnabled: boolean;
  aliasTokens: Record<string, AliasToken>;
}

export function emptyState(): XnatState {
  return {
    schemaVersion: 1,
    lastNumber: 0,
    projects: {},
    subjects: {},
    sessions: {},
    assessors: {},
    resources: {},
    subscriptions: {},
    deliveries: {},
    eventsEnabled: false,
    aliasTokens: {},
  };
}

/** XNAT's SQL timestamp, UTC. */
export function sqlTimestamp(time: Date = new Date()): string {
  return time.toISOString().replace('T', ' ').replace('Z', '');
}
