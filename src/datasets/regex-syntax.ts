import { PipelineError } from '../contracts/errors.ts';

/** Tests one character (code point). */
export type CharacterTest = (character: string) => boolean;

export type RegexNode =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'sequence'; readonly nodes: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly node: RegexNode; readonly min: number; readonly max: number | null }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' };

export const MAX_PATTERN_LENGTH = 256;
const MAX_REPEAT = 100;
const MAX_DEPTH = 16;

export const anyCharacter: CharacterTest = () => true;
const isDigit: CharacterTest = (c) => c >= '0' && c <= '9';
const isSpace: CharacterTest = (c) => /^\s$/u.test(c);
const isLetter: CharacterTest = (c) => /^\p{L}$/u.test(c);
const isWord: CharacterTest = (c) => c === '_' || isDigit(c) || isLetter(c);

const NAMED_CLASSES: Readonly<Record<string, CharacterTest>> = {
  alnum: (c) => isDigit(c) || isLetter(c),
  alpha: isLetter,
  digit: isDigit,
  lower: (c) => /^\p{Ll}$/u.test(c),
  punct: (c) => /^\p{P}$/u.test(c),
  space: isSpace,
  upper: (c) => /^\p{Lu}$/u.test(c),
};
const ESCAPED_CLASSES: Readonly<Record<string, CharacterTest>> = {
  d: isDigit,
  D: (c) => !isDigit(c),
  s: isSpace,
  S: (c) => !isSpace(c),
  w: isWord,
  W: (c) => !isWord(c),
};

/**
 * Parses the part of regular expressions that dataset criteria need and that can be matched in linear time:
 * characters, `.`, `[...]` with ranges and POSIX classes, `\d \w \s`, groups, `|`, `* + ? {n,m}`, `^` and `$`.
 * Back-references and look-around are not part of it.
 *
 * @throws InvalidRequest naming the pattern and the position.
 */
export function parseRegex(pattern: string): RegexNode {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new PipelineError(
      'InvalidRequest',
      `a regular expression of ${pattern.length} characters is too long; use at most ${MAX_PATTERN_LENGTH}`,
      { length: pattern.length },
    );
  }
  const parser = new RegexParser(pattern);
  return parser.parse();
}

class RegexParser {
  readonly #pattern: string;
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#characters = Array.from(pattern);
  }

  parse(): RegexNode {
    const node = this.#choice();
    if (this.#at < this.#characters.length) {
      throw this.#problem(`"${this.#peek()}" has no partner`);
    }
    return node;
  }

  #choice(): RegexNode {
    const options = [this.#sequence()];
    while (this.#take('|')) {
      options.push(this.#sequence());
    }
    return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options };
  }

  #sequence(): RegexNode {
    const nodes: RegexNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      nodes.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', nodes };
  }

  #repeated(node: RegexNode): RegexNode {
    const bounds = this.#quantifier();
    if (!bounds) {
      return node;
    }
    if (node.kind === 'start' || node.kind === 'end') {
      throw this.#problem('an anchor cannot be repeated');
    }
    if (this.#quantifier()) {
      throw this.#problem('a quantifier follows a quantifier; lazy and possessive ones are not supported');
    }
    return { kind: 'repeat', node, ...bounds };
  }

  #quantifier(): { min: number; max: number | null } | null {
    if (this.#take('*')) return { min: 0, max: null };
    if (this.#take('+')) return { min: 1, max: null };
    if (this.#take('?')) return { min: 0, max: 1 };
    return this.#take('{') ? this.#bounds() : null;
  }

  #bounds(): { min: number; max: number | null } {
    const close = this.#characters.indexOf('}', this.#at);
    const text = close < 0 ? '' : this.#characters.slice(this.#at, close).join('');
    const found = /^(\d{1,3})(,(\d{0,3}))?$/.exec(text);
    if (!found) {
      throw this.#problem('"{" must begin {n}, {n,} or {n,m}; write \\{ for the character');
    }
    this.#at = close + 1;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] ? Number(found[3]) : null;
    if (min > MAX_REPEAT || (max ?? 0) > MAX_REPEAT || (max !== null && max < min)) {
      throw this.#problem(`a repeat must be ordered and at most ${MAX_REPEAT}`);
    }
    return { min, max };
  }

  #atom(): RegexNode {
    const character = this.#next();
    switch (character) {
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '.':
        return { kind: 'character', test: anyCharacter };
      case '(':
        return this.#group();
      case '[':
        return { kind: 'character', test: this.#bracket() };
      case '\\':
        return { kind: 'character', test: this.#escape() };
      case '*':
      case '+':
      case '?':
      case '{':
        throw this.#problem(`"${character}" has nothing to repeat`);
      default:
        return { kind: 'character', test: (c) => c === character };
    }
  }

  #group(): RegexNode {
    if (this.#take('?') && !this.#take(':')) {
      throw this.#problem('look-around and named groups are not supported');
    }
    if (++this.#depth > MAX_DEPTH) {
      throw this.#problem(`groups are nested deeper than ${MAX_DEPTH}`);
    }
    const inner = this.#choice();
    if (!this.#take(')')) {
      throw this.#problem('")" is missing');
    }
    this.#depth--;
    return inner;
  }

  #escape(): CharacterTest {
    const character = this.#next();
    const known = ESCAPED_CLASSES[character];
    if (known) {
      return known;
    }
    if (/^[A-Za-z0-9]$/.test(character)) {
      throw this.#problem(`"\\${character}" is not supported; \\d \\D \\s \\S \\w \\W are`);
    }
    return (c) => c === character;
  }

  #bracket(): CharacterTest {
    const negated = this.#take('^');
    const tests: CharacterTest[] = [];
    // A "]" that comes first stands for itself, as in POSIX.
    while (tests.length === 0 || this.#peek() !== ']') {
      tests.push(this.#bracketMember());
    }
    this.#next();
    const inside: CharacterTest = (c) => tests.some((test) => test(c));
    return negated ? (c) => !inside(c) : inside;
  }

  #bracketMember(): CharacterTest {
    const character = this.#next();
    if (character === '[' && this.#take(':')) {
      return this.#namedClass();
    }
    if (character === '\\') {
      return this.#escape();
    }
    const isRange = this.#peek() === '-' && this.#characters[this.#at + 1] !== ']';
    if (!isRange) {
      return (c) => c === character;
    }
    this.#next();
    const last = this.#next();
    if (last < character) {
      throw this.#problem(`the range ${character}-${last} is backwards`);
    }
    return (c) => c >= character && c <= last;
  }

  #namedClass(): CharacterTest {
    const rest = this.#characters.slice(this.#at).join('');
    const name = /^([a-z]+):\]/.exec(rest)?.[1] ?? '';
    const test = NAMED_CLASSES[name];
    if (!test) {
      throw this.#problem(`[:name:] must be one of ${Object.keys(NAMED_CLASSES).join(', ')}`);
    }
    this.#at += name.length + 2;
    return test;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const character = this.#characters[this.#at];
    if (character === undefined) {
      throw this.#problem('it ends too early');
    }
    this.#at++;
    return character;
  }

  #take(character: string): boolean {
    const found = this.#peek() === character;
    this.#at += found ? 1 : 0;
    return found;
  }

  #problem(what: string): PipelineError {
    return new PipelineError(
      'InvalidRequest',
      `the regular expression /${this.#pattern}/ cannot be used: ${what} (at character ${this.#at}); correct it or use "%"`,
      { pattern: this.#pattern, position: this.#at },
    );
  }
}
