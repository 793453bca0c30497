/** `config.json` beside `index.html`, written by the deployment: where the API and the user pool are. */
export interface SiteConfig {
  apiBase: string;
  /** Endpoint of Cognito's InitiateAuth. */
  cognitoUrl: string;
  userPoolClientId: string;
}

export async function loadConfig(): Promise<SiteConfig> {
  const response = await fetch('/config.json', { cache: 'no-store' });
  if (!response.ok) {
    throw new Error(`config.json answered ${response.status}; deploy the web stack again to write it`);
  }
  return (await response.json()) as SiteConfig;
}
