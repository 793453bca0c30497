import { useEffect, useState } from 'react';

export interface Polled<T> {
  data: T | null;
  error: Error | null;
}

/**
 * Asks again every `intervalMs` while the tab is visible; keeps the last answer when a call fails.
 * `key` names what is asked for: when it changes, the old answer is dropped.
 */
export function usePolled<T>(key: string, ask: () => Promise<T>, intervalMs = 3000): Polled<T> {
  const [state, setState] = useState<Polled<T> & { key: string }>({ key, data: null, error: null });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `ask` is a new closure on every render; `key` says when it differs
  useEffect(() => {
    let live = true;
    let timer: ReturnType<typeof setTimeout>;
    const tick = async () => {
      if (document.visibilityState === 'visible') {
        const next = await ask().then(
          (data) => ({ data, error: null }),
          (error: Error) => ({ error }),
        );
        if (!live) return;
        setState((old) => ({ key, data: old.key === key ? old.data : null, ...next }));
      }
      timer = setTimeout(tick, intervalMs);
    };
    void tick();
    return () => {
      live = false;
      clearTimeout(timer);
    };
  }, [key, intervalMs]);
  return state.key === key ? state : { data: null, error: null };
}
