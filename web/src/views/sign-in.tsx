import { type FormEvent, useState } from 'react';
import { signIn, tokenStore } from '../api/auth.ts';
import type { SiteConfig } from '../api/config.ts';

export function SignIn({ config, onSignedIn }: { config: SiteConfig; onSignedIn: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    try {
      tokenStore.write(await signIn(config, String(form.get('username')), String(form.get('password'))));
      onSignedIn();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  }

  return (
    <main className="sign-in">
      <form onSubmit={submit}>
        <h1>Contourflow</h1>
        <p className="quiet">Sign in to see your projects.</p>
        <label>
          User name
          <input name="username" autoComplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        {problem && (
          <p role="alert" className="problem">
            {problem}
          </p>
        )}
        <button type="submit" disabled={busy}>
          {busy ? 'Signing in …' : 'Sign in'}
        </button>
        <p className="quiet small">
          On your own machine, <code>contourflow status</code> shows the users and their passwords.
        </p>
      </form>
    </main>
  );
}
