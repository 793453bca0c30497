import type { Authenticator } from './auth.ts';
import type { EventService } from './events.ts';
import type { Store } from './store.ts';

/** What every route may use. */
export interface XnatServer {
  readonly store: Store;
  readonly auth: Authenticator;
  readonly events: EventService;
  /** Time between the save steps of one ROI collection (row, file, derived file), ms. */
  readonly saveDelayMs: number;
}
