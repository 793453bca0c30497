const TONE: Record<string, string> = {
  ready: 'good',
  succeeded: 'good',
  frozen: 'good',
  promoted: 'good',
  installed: 'calm',
  'needs-review': 'look',
  waiting: 'look',
  stopped: 'look',
  quarantined: 'bad',
  failed: 'bad',
  tombstoned: 'bad',
};

/** A state's own name in its colour; the name carries the meaning, the colour only helps. */
export function StateBadge({ state }: { state: string }) {
  return <span className={`badge ${TONE[state] ?? 'calm'}`}>{state}</span>;
}
