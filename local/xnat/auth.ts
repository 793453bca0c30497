import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { AliasToken } from './model.ts';
import type { Store } from './store.ts';

/** Server sessions live in memory, as in XNAT: a restart ends them all. */
export interface Authenticator {
  /** The user of a request with this Authorization and Cookie header; null when it must be refused. */
  userOf(authorization: string, cookie: string): { user: string; sessionId: string } | null;
  login(user: string, password: string): string | null;
  open(user: string): string;
  close(cookie: string): void;
  issueToken(user: string): AliasToken;
  validateToken(alias: string, secret: string): string | null;
  revokeToken(alias: string, secret: string): void;
}

export interface Credentials {
  readonly adminUser: string;
  readonly adminPassword: string;
  /** Milliseconds of silence after which a server session ends. */
  readonly sessionTimeoutMs: number;
}

const TOKEN_LIFE_MS = 48 * 3600 * 1000;

export function createAuthenticator(store: Store, credentials: Credentials): Authenticator {
  const sessions = new Map<string, { user: string; lastSeen: number }>();
  const validateToken = (alias: string, secret: string): string | null => {
    const token = store.state.aliasTokens[alias];
    return token !== undefined && token.expires > Date.now() && sameText(token.secret, secret)
      ? token.user
      : null;
  };
  const checkPassword = (user: string, password: string): string | null =>
    sameText(user, credentials.adminUser) && sameText(password, credentials.adminPassword)
      ? user
      : validateToken(user, password);
  const open = (user: string): string => {
    const id = randomBytes(16).toString('hex').toUpperCase();
    sessions.set(id, { user, lastSeen: Date.now() });
    return id;
  };
  const resume = (id: string): string | null => {
    const session = sessions.get(id);
    if (session === undefined) return null;
    if (Date.now() - session.lastSeen > credentials.sessionTimeoutMs) {
      sessions.delete(id);
      return null;
    }
    session.lastSeen = Date.now();
    return session.user;
  };
  return {
    open,
    validateToken,
    userOf: (authorization, cookie) => {
      const id = sessionIdOf(cookie);
      const resumed = resume(id);
      if (resumed !== null) return { user: resumed, sessionId: id };
      const [user, password] = basicPair(authorization);
      const checked = user === undefined ? null : checkPassword(user, password ?? '');
      return checked === null ? null : { user: checked, sessionId: open(checked) };
    },
    login: (user, password) => {
      const checked = checkPassword(user, password);
      return checked === null ? null : open(checked);
    },
    close: (cookie) => {
      sessions.delete(sessionIdOf(cookie));
    },
    issueToken: (user) => {
      const created = Date.now();
      const alias = randomUUID();
      const secret = randomBytes(32).toString('base64url');
      const token: AliasToken = { alias, secret, user, created, expires: created + TOKEN_LIFE_MS };
      store.state.aliasTokens[alias] = token;
      store.save();
      return token;
    },
    revokeToken: (alias, secret) => {
      if (validateToken(alias, secret) === null) return;
      delete store.state.aliasTokens[alias];
      store.save();
    },
  };
}

function sessionIdOf(cookie: string): string {
  return /(?:^|;\s*)JSESSIONID=([A-F0-9]+)/i.exec(cookie)?.[1] ?? '';
}

function basicPair(authorization: string): string[] {
  const encoded = /^Basic (.+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return [];
  const [user = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return [user, rest.join(':')];
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
