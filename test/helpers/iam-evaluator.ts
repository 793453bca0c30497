import {
  type DeployedStack,
  evaluate,
  type Surroundings,
  type TemplateResource,
} from './cloudformation-values.ts';

/**
 * Decides calls that the emulator recorded by the policies that AWS would enforce: the emulator lets everything
 * pass, so this is what tells that a permission is missing, or that one is not needed.
 */
export interface RecordedCall {
  readonly principal: {
    /** `events` calls are decided by the policy of the resource; `user` is the person at the keyboard. */
    readonly kind: 'lambda' | 'batch' | 'states' | 'events' | 'user';
    readonly name: string;
    readonly roleArn: string | null;
    readonly sessionPolicy?: PolicyDocument;
  };
  /** `s3:PutObject` */
  readonly action: string;
  readonly resources: readonly string[];
}

type OneOrMore<T> = T | readonly T[];
type Conditions = Readonly<Record<string, Readonly<Record<string, OneOrMore<string>>>>>;
interface RawStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: OneOrMore<string>;
  readonly Resource?: OneOrMore<string>;
  readonly Principal?: unknown;
  readonly Condition?: Conditions;
}
export interface PolicyDocument {
  readonly Statement: OneOrMore<RawStatement>;
}

/** One statement of a role or a resource, with every reference evaluated. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Conditions;
  /** Stack and logical id of where it stands. */
  readonly origin: string;
}

export interface Policies {
  /** Role ARN -> its statements. */
  readonly roles: ReadonlyMap<string, readonly Statement[]>;
  /** Statements by which resources let EventBridge in. */
  readonly events: readonly Statement[];
}

export interface DeniedCall {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  /** Which policy lacks it. */
  readonly missingIn: 'role' | 'session policy' | 'resource policy' | 'templates';
}

export interface UnusedPermission {
  readonly role: string;
  readonly action: string;
  readonly resources: readonly string[];
  readonly origin: string;
}

export interface Evaluation {
  readonly denied: readonly DeniedCall[];
  readonly unused: readonly UnusedPermission[];
}

const list = <T>(value: OneOrMore<T> | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];

function statements(document: unknown, origin: string, resources: readonly string[] = []): Statement[] {
  return list((document as PolicyDocument).Statement).map((raw) => ({
    effect: raw.Effect,
    actions: list(raw.Action),
    resources: raw.Resource === undefined ? resources : list(raw.Resource),
    conditions: raw.Condition ?? {},
    origin,
  }));
}

/** Everything that the stacks grant: inline and attached policies of roles, policies of queues, function permissions. */
export function readPolicies(
  stacks: Readonly<Record<string, DeployedStack>>,
  surroundings: Surroundings,
): Policies {
  const roles = new Map<string, Statement[]>();
  const events: Statement[] = [];
  for (const [stackName, stack] of Object.entries(stacks)) {
    for (const [logicalId, resource] of Object.entries(stack.template.Resources)) {
      const origin = `${stackName}/${logicalId}`;
      const value = (inner: unknown) => evaluate(inner, stack, surroundings);
      for (const [role, granted] of roleStatements(resource, logicalId, origin, value, surroundings)) {
        roles.set(role, [...(roles.get(role) ?? []), ...granted]);
      }
      if (resource.Type === 'AWS::SQS::QueuePolicy') {
        events.push(...statements(value(resource.Properties?.PolicyDocument), origin));
      } else if (resource.Type === 'AWS::Lambda::Permission') {
        events.push(permissionStatement(value(resource.Properties), origin));
      }
    }
  }
  return { roles, events };
}

function roleStatements(
  { Type, Properties = {} }: TemplateResource,
  logicalId: string,
  origin: string,
  value: (inner: unknown) => unknown,
  { accountId }: Surroundings,
): [role: string, granted: Statement[]][] {
  const arn = (name: unknown) => `arn:aws:iam::${accountId}:role/${String(name)}`;
  if (Type === 'AWS::IAM::Role') {
    const inline = list(Properties.Policies as OneOrMore<{ PolicyDocument: unknown }> | undefined);
    const own = inline.flatMap(({ PolicyDocument }) => statements(value(PolicyDocument), origin));
    return [[arn(value({ Ref: logicalId })), own]];
  }
  if (Type === 'AWS::IAM::Policy' || Type === 'AWS::IAM::ManagedPolicy') {
    const granted = statements(value(Properties.PolicyDocument), origin);
    return (list(value(Properties.Roles)) as unknown[]).map((role) => [arn(role), granted]);
  }
  return [];
}

function permissionStatement(properties: unknown, origin: string): Statement {
  const { Action, FunctionName, SourceArn } = properties as Record<string, string>;
  return {
    effect: 'Allow',
    actions: [Action ?? ''],
    resources: [FunctionName ?? ''],
    conditions: SourceArn ? { ArnLike: { 'aws:SourceArn': SourceArn } } : {},
    origin,
  };
}

/**
 * Every call that a policy would refuse, and every permission that no call needed, {@link NOT_OBSERVABLE} aside.
 *
 * @param calls - as recorded; those of users are left out.
 */
export function evaluateCalls(policies: Policies, calls: readonly RecordedCall[]): Evaluation {
  const denied = new Map<string, DeniedCall>();
  const used = new Set<string>();
  for (const call of calls) {
    if (call.principal.kind === 'user') continue;
    for (const resource of call.resources) {
      const missingIn = decide(policies, call, resource, used);
      if (missingIn === null) continue;
      const role = call.principal.roleArn ?? call.principal.name;
      denied.set(`${role} ${call.action} ${resource}`, { role, action: call.action, resource, missingIn });
    }
  }
  return { denied: [...denied.values()], unused: findUnused(policies, used) };
}

function decide(
  policies: Policies,
  { principal, action }: RecordedCall,
  resource: string,
  used: Set<string>,
): DeniedCall['missingIn'] | null {
  if (principal.kind === 'events') {
    const context = { 'aws:SourceArn': principal.name };
    return isAllowed(policies.events, action, resource, context, used) ? null : 'resource policy';
  }
  const granted = policies.roles.get(principal.roleArn ?? '');
  if (!granted) return 'templates';
  if (!isAllowed(granted, action, resource, {}, used)) return 'role';
  const session = principal.sessionPolicy;
  if (session && !isAllowed(statements(session, 'session'), action, resource, {}, new Set())) {
    return 'session policy';
  }
  return null;
}

const permissionKey = (origin: string, action: string, resource: string) =>
  `${origin}\n${action}\n${resource}`;

function isAllowed(
  granted: readonly Statement[],
  action: string,
  resource: string,
  context: Readonly<Record<string, string>>,
  used: Set<string>,
): boolean {
  let allowed = false;
  for (const statement of granted) {
    const named = statement.actions.filter((pattern) => matches(pattern, action, 'ignore case'));
    const held = statement.resources.filter((pattern) => matches(pattern, resource));
    if (named.length === 0 || held.length === 0 || !holds(statement.conditions, context)) continue;
    if (statement.effect === 'Deny') {
      // What is denied here (plain HTTP, foreign keys) hangs on conditions that a recorded call does not tell.
      if (Object.keys(statement.conditions).length === 0) return false;
      continue;
    }
    allowed = true;
    for (const one of named) for (const other of held) used.add(permissionKey(statement.origin, one, other));
  }
  return allowed;
}

/** A condition on what the call does not tell counts as met; one on what it tells must match. */
function holds(conditions: Conditions, context: Readonly<Record<string, string>>): boolean {
  return Object.values(conditions).every((tests) =>
    Object.entries(tests).every(([key, wanted]) => {
      const told = context[key];
      return told === undefined || list(wanted).some((pattern) => matches(pattern, told));
    }),
  );
}

/** IAM's wildcards: `*` any text, `?` any character. */
function matches(pattern: string, text: string, mode?: 'ignore case'): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, mode ? 'is' : 's').test(text);
}

/** Permissions that AWS needs where the emulator makes no call, so that their use cannot be seen here. */
export const NOT_OBSERVABLE: readonly { readonly action: RegExp; readonly reason: string }[] = [
  { action: /^kms:/, reason: 'S3, DynamoDB, SQS and Logs ask KMS on behalf of the caller' },
  { action: /^xray:/, reason: 'traces are sent by the platform' },
  { action: /^logs:(?!GetLogEvents$)/, reason: 'logs and their delivery are written by the platform' },
  { action: /^ecr:/, reason: 'images are pulled and pushed on hosts that the machine does not have' },
  { action: /^codebuild:/, reason: 'images are not built on the machine' },
  { action: /^events:(PutRule|PutTargets|DescribeRule)$/, reason: 'how Step Functions waits for a job' },
  { action: /^batch:(DescribeJobs|TerminateJob)$/, reason: 'how Step Functions waits for a job, or ends it' },
  {
    action: /^sqs:(ChangeMessageVisibility|GetQueueUrl)$/,
    reason: 'the poller of a function asks when it must',
  },
];

function findUnused({ roles }: Policies, used: ReadonlySet<string>): UnusedPermission[] {
  return [...roles].flatMap(([role, granted]) =>
    granted
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ actions, resources, origin }) =>
        actions
          .filter((action) => !NOT_OBSERVABLE.some((exempt) => exempt.action.test(action)))
          .filter(
            (action) => !resources.some((resource) => used.has(permissionKey(origin, action, resource))),
          )
          .map((action) => ({ role, action, resources, origin })),
      ),
  );
}
