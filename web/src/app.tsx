import { useMemo, useState } from 'react';
import { tokenStore } from './api/auth.ts';
import { ApiFailure, createApi } from './api/client.ts';
import type { SiteConfig } from './api/config.ts';
import { usePolled } from './api/use-polled.ts';
import { ProjectStatus } from './views/project-status.tsx';
import { SignIn } from './views/sign-in.tsx';

export function App({ config }: { config: SiteConfig }) {
  const [signedIn, setSignedIn] = useState(tokenStore.read() !== null);
  const signOut = () => {
    tokenStore.clear();
    setSignedIn(false);
  };
  return signedIn ? (
    <Projects config={config} onSignOut={signOut} />
  ) : (
    <SignIn config={config} onSignedIn={() => setSignedIn(true)} />
  );
}

function Projects({ config, onSignOut }: { config: SiteConfig; onSignOut: () => void }) {
  const call = useMemo(() => createApi(config), [config]);
  const [chosen, setChosen] = useState<string | null>(null);
  const { data, error } = usePolled(
    'projects',
    () => Promise.all([call('getMe', {}), call('listProjects', {})]),
    15_000,
  );
  // A token that has expired cannot be mended here: back to the sign-in page.
  if (error instanceof ApiFailure && error.status === 401) onSignOut();
  const [me, projects] = data ?? [];
  const project = chosen ?? projects?.items[0]?.id ?? null;
  return (
    <>
      <header>
        <h1>Contourflow</h1>
        <label>
          Project{' '}
          <select value={project ?? ''} onChange={(event) => setChosen(event.target.value)}>
            {projects?.items.map(({ id }) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
        <span className="spacer" />
        <span className="quiet">{me?.user}</span>
        <button type="button" className="plain" onClick={onSignOut}>
          Sign out
        </button>
      </header>
      <main>
        {error && !data && (
          <p role="alert" className="problem">
            {error.message}
          </p>
        )}
        {projects?.items.length === 0 && (
          <p className="quiet">You are not a member of any project yet; ask a project's owner to add you.</p>
        )}
        {project && <ProjectStatus key={project} call={call} project={project} />}
      </main>
    </>
  );
}
