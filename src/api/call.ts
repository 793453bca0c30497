import type { z } from 'zod';
import type { API, OperationName } from '../contracts/api.ts';
import type { Ports } from '../ports/index.ts';

/** Who calls: a Cognito user name, and whether the user is in the admins' group. */
export interface Caller {
  readonly user: string;
  readonly admin: boolean;
}

export type ApiPorts = Pick<
  Ports,
  | 'objects'
  | 'records'
  | 'hints'
  | 'workflows'
  | 'logs'
  | 'archives'
  | 'clock'
  | 'ids'
  | 'hasher'
  | 'trainingHosts'
>;

type NamesIn<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** One authorised and validated call of an operation. */
export interface Call<N extends OperationName> {
  readonly caller: Caller;
  readonly path: Readonly<Record<NamesIn<(typeof API)[N]['path']>, string>>;
  readonly request: z.output<(typeof API)[N]['request']>;
}

export type OperationHandler<N extends OperationName> = (
  call: Call<N>,
  ports: ApiPorts,
) => Promise<z.input<(typeof API)[N]['response']>>;

/** Handlers of some of the operations; together they must be all, which the compiler checks in `operations.ts`. */
export type Handlers<N extends OperationName> = { readonly [K in N]: OperationHandler<K> };
