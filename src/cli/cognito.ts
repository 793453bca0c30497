import { z } from 'zod';
import { PipelineError } from '../contracts/errors.ts';

/** Where to sign in: the user pool's public client. */
export interface SignInTarget {
  /** `https://cognito-idp.<region>.amazonaws.com`, or the local emulator. */
  readonly endpoint: string;
  readonly clientId: string;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** ISO time. */
  readonly expiresAt: string;
}

const AuthenticationResult = z.object({
  AccessToken: z.string(),
  RefreshToken: z.string().optional(),
  ExpiresIn: z.number(),
});
const Answer = z.object({
  AuthenticationResult: AuthenticationResult.optional(),
  ChallengeName: z.string().nullish(),
  Session: z.string().nullish(),
});
type Answer = z.infer<typeof Answer>;

/**
 * Signs in with a name and a password. A user whom an admin has just created must choose a password first:
 * `newPassword` is asked for it.
 *
 * @throws Unauthenticated when name or password is wrong.
 */
export async function signIn(
  target: SignInTarget,
  user: string,
  password: string,
  newPassword: () => Promise<string>,
): Promise<Tokens> {
  const first = await call(target, 'InitiateAuth', {
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: target.clientId,
    AuthParameters: { USERNAME: user, PASSWORD: password },
  });
  if (first.ChallengeName !== 'NEW_PASSWORD_REQUIRED') return tokensOf(first, null);
  const second = await call(target, 'RespondToAuthChallenge', {
    ClientId: target.clientId,
    ChallengeName: 'NEW_PASSWORD_REQUIRED',
    Session: first.Session,
    ChallengeResponses: { USERNAME: user, NEW_PASSWORD: await newPassword() },
  });
  return tokensOf(second, null);
}

/** A new access token for a sign-in whose old one has run out. */
export async function refresh(target: SignInTarget, refreshToken: string): Promise<Tokens> {
  const answer = await call(target, 'InitiateAuth', {
    AuthFlow: 'REFRESH_TOKEN_AUTH',
    ClientId: target.clientId,
    AuthParameters: { REFRESH_TOKEN: refreshToken },
  });
  return tokensOf(answer, refreshToken);
}

function tokensOf(
  { AuthenticationResult: result, ChallengeName }: Answer,
  oldRefresh: string | null,
): Tokens {
  const refreshToken = result?.RefreshToken ?? oldRefresh;
  if (result === undefined || refreshToken === null) {
    throw new PipelineError(
      'Unauthenticated',
      `the user pool asks for ${ChallengeName ?? 'another step'}, which the CLI cannot answer; sign in on the dashboard`,
      { challenge: ChallengeName ?? null },
    );
  }
  const expiresAt = new Date(Date.now() + result.ExpiresIn * 1000).toISOString();
  return { accessToken: result.AccessToken, refreshToken, expiresAt };
}

/** Cognito's public operations are unsigned JSON; the SDK would cost more to load than the call takes. */
async function call({ endpoint }: SignInTarget, operation: string, body: unknown): Promise<Answer> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  }).catch((cause) => {
    throw new PipelineError('UpstreamError', `${endpoint} does not answer; check the network`, {}, { cause });
  });
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return Answer.parse(answer);
  throw refusal(response.status, answer);
}

function refusal(status: number, answer: unknown): PipelineError {
  const { __type: type = '' } = (answer ?? {}) as { __type?: string };
  const name = type.split('#').at(-1) ?? '';
  if (status >= 500) return new PipelineError('UpstreamError', `the user pool answered ${status}; try again`);
  const why =
    name === 'InvalidPasswordException'
      ? 'the new password does not meet the password policy (12 characters of four kinds)'
      : 'the user name or password is wrong, or the sign-in has expired';
  return new PipelineError('Unauthenticated', `${why}; run \`contourflow login\``, { reason: name });
}
