import { HttpError } from './http-error.ts';

/**
 * The part of Event Service payload filters that subscriptions use: `@.a == "x"`, `@.a != "x"`,
 * `"x" in @.a`, `"x" in @.a[*].b`, joined by `&&` and `||`, with parentheses.
 */
export function compilePayloadFilter(text: string): (payload: unknown) => boolean {
  if (text.trim() === '') return () => true;
  const tokens = text.replaceAll("'", '"').match(/"[^"]*"|@[\w.[\]*-]+|==|!=|&&|\|\||[()]|\bin\b|\S/g) ?? [];
  const parser = { tokens, at: 0 };
  const predicate = parseEither(parser);
  if (parser.at < tokens.length) throw badFilter(text);
  return predicate;
}

type Predicate = (payload: unknown) => boolean;
interface Parser {
  readonly tokens: readonly string[];
  at: number;
}

function badFilter(text: string): HttpError {
  return new HttpError(424, `The payload filter cannot be read near "${text}".`);
}

function taken(parser: Parser, token: string): boolean {
  if (parser.tokens[parser.at] !== token) return false;
  parser.at += 1;
  return true;
}

function parseEither(parser: Parser): Predicate {
  const left = parseBoth(parser);
  if (!taken(parser, '||')) return left;
  const right = parseEither(parser);
  return (payload) => left(payload) || right(payload);
}

function parseBoth(parser: Parser): Predicate {
  const left = parseTerm(parser);
  if (!taken(parser, '&&')) return left;
  const right = parseBoth(parser);
  return (payload) => left(payload) && right(payload);
}

function parseTerm(parser: Parser): Predicate {
  if (taken(parser, '(')) {
    const inner = parseEither(parser);
    if (!taken(parser, ')')) throw badFilter(')');
    return inner;
  }
  const [left, operator, right] = parser.tokens.slice(parser.at, parser.at + 3);
  if (left === undefined || right === undefined) throw badFilter(left ?? 'the end');
  parser.at += 3;
  const [a, b] = [operand(left), operand(right)];
  if (operator === 'in') return (payload) => b(payload).includes(a(payload)[0]);
  if (operator === '==') return (payload) => a(payload)[0] === b(payload)[0];
  if (operator === '!=') return (payload) => a(payload)[0] !== b(payload)[0];
  throw badFilter(String(operator));
}

/** The values an operand stands for: one literal, or everything a path reaches. */
function operand(token: string): (payload: unknown) => unknown[] {
  if (token.startsWith('"')) return () => [token.slice(1, -1)];
  if (!token.startsWith('@.')) throw badFilter(token);
  const steps = token.slice(2).split('.');
  return (payload) => steps.reduce<unknown[]>(reach, [payload]).flat();
}

function reach(values: unknown[], step: string): unknown[] {
  const every = step.endsWith('[*]');
  const name = every ? step.slice(0, -3) : step;
  const next = values.map((value) =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
  );
  return every ? next.flat() : next;
}
