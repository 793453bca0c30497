/** What was looked at, how it is, and, unless it is well, what to do. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly advice: string | null;
}

export const ok = (name: string, found: string): Check => ({ name, state: 'ok', found, advice: null });
/** Something works without it, or will be slow or small. */
export const warn = (name: string, found: string, advice: string): Check => ({
  ...{ name, state: 'warn' },
  found,
  advice,
});
export const fail = (name: string, found: string, advice: string): Check => ({
  ...{ name, state: 'fail' },
  found,
  advice,
});

export function checksText(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .map(({ name, state, found, advice }) =>
      `${state.padEnd(4)}  ${name.padEnd(width)}  ${found}${advice === null ? '' : `; ${advice}`}`.trimEnd(),
    )
    .join('\n');
}
