import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import jsonata from 'jsonata';
import type { StateMachineName } from '../../src/contracts/stage-names.ts';
import { ROOT } from './synthesise.ts';

interface Handled {
  readonly ErrorEquals: readonly string[];
  readonly Assign?: Readonly<Record<string, unknown>>;
  readonly Next?: string;
}
/** A state, as far as tests look at it. */
export interface State {
  readonly Type: string;
  readonly Comment?: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly Arguments?: Readonly<Record<string, unknown>>;
  readonly Assign?: Readonly<Record<string, unknown>>;
  readonly Choices?: readonly { readonly Condition: string; readonly Next: string }[];
  readonly Retry?: readonly Handled[];
  readonly Catch?: readonly Handled[];
  readonly ItemProcessor?: { readonly States: Readonly<Record<string, State>> };
}
export interface Definition {
  readonly States: Readonly<Record<string, State>>;
}

export function readDefinition(machine: StateMachineName): Definition {
  return JSON.parse(readFileSync(join(ROOT, 'statemachines', `${machine}.asl.json`), 'utf8'));
}

/** Every state by name, those inside maps included. */
export function allStates({ States }: Definition): [name: string, state: State][] {
  return Object.entries(States).flatMap(([name, state]): [string, State][] => [
    [name, state],
    ...(state.ItemProcessor ? allStates(state.ItemProcessor) : []),
  ]);
}

export function findState(definition: Definition, name: string): State {
  const found = allStates(definition).find(([candidate]) => candidate === name);
  if (!found) throw new Error(`no state ${name}`);
  return found[1];
}

const EXPRESSION = /^\{%(.*)%\}$/s;

/** Texts between `{%` and `%}`, wherever they stand. */
export function jsonataExpressions(value: unknown): string[] {
  if (typeof value === 'string') return value.match(EXPRESSION)?.slice(1) ?? [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(jsonataExpressions);
}

/**
 * A part of a state with every expression evaluated, as Step Functions does it.
 *
 * @param variables - `states` for `$states`, and the assigned variables by name.
 */
export async function evaluateJsonata(part: unknown, variables: Record<string, unknown>): Promise<unknown> {
  if (Array.isArray(part)) return Promise.all(part.map((inner) => evaluateJsonata(inner, variables)));
  if (typeof part === 'string') {
    const expression = part.match(EXPRESSION)?.[1];
    if (expression === undefined) return part;
    const compiled = jsonata(expression);
    compiled.registerFunction('parse', (text: string) => JSON.parse(text), '<s:x>');
    return toPlain(await compiled.evaluate({}, variables));
  }
  if (typeof part !== 'object' || part === null) return part;
  const entries = Object.entries(part).map(
    async ([key, inner]) => [key, await evaluateJsonata(inner, variables)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** JSONata marks its sequences with hidden properties; this is the JSON that they stand for. */
const toPlain = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));
