import type { SiteConfig } from './config.ts';

const STORAGE_KEY = 'contourflow.accessToken';

/** The access token of this tab; it is gone when the tab closes. */
export const tokenStore = {
  read: (): string | null => sessionStorage.getItem(STORAGE_KEY),
  write: (token: string): void => sessionStorage.setItem(STORAGE_KEY, token),
  clear: (): void => sessionStorage.removeItem(STORAGE_KEY),
};

interface InitiateAuthReply {
  AuthenticationResult?: { AccessToken: string };
  ChallengeName?: string;
  message?: string;
}

/** Signs in with a password and returns the access token; throws the sentence that Cognito gives. */
export async function signIn(config: SiteConfig, username: string, password: string): Promise<string> {
  const response = await fetch(config.cognitoUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
    },
    body: JSON.stringify({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: config.userPoolClientId,
      AuthParameters: { USERNAME: username, PASSWORD: password },
    }),
  });
  // A proxy in between answers in plain text or HTML: then the status has to say it.
  const reply = (await response.json().catch(() => ({}))) as InitiateAuthReply;
  if (reply.AuthenticationResult) return reply.AuthenticationResult.AccessToken;
  if (reply.ChallengeName) {
    throw new Error(`this account must first answer ${reply.ChallengeName}; use "contourflow login"`);
  }
  throw new Error(
    reply.message ?? `the sign-in service answered ${response.status}; try again, or ask who runs this site`,
  );
}
