import { compile, matchesAnywhere } from './linear-match.ts';
import { anyCharacter, type CharacterTest, parseRegex, type RegexNode } from './regex-syntax.ts';

export type TextTest = (text: string) => boolean;

/** Longer values than this are cut before matching; XNAT's own fields hold at most 255 characters. */
const MAX_TEXT_LENGTH = 1_024;

/**
 * One value of a criterion, as XNAT ML's `TaggedResourceMap` writes it:
 * `/re/` a regular expression found anywhere, `/re/i` the same without regard to case; with an unescaped `%` an
 * SQL LIKE (`%` any run of characters, `_` any one, `%%` a percent sign); anything else must be equal.
 *
 * @throws InvalidRequest for a regular expression outside the supported subset.
 */
export function valueMatcher(value: string): TextTest {
  const regex = /^\/(.*)\/(i?)$/su.exec(value);
  if (regex?.[1]) {
    return regexTest(regex[1], regex[2] === 'i');
  }
  if (/%/.test(value.replaceAll('%%', ''))) {
    return likeTest(value);
  }
  const exact = value.replaceAll('%%', '%');
  return (text) => text === exact;
}

function regexTest(pattern: string, ignoreCase: boolean): TextTest {
  const node = parseRegex(pattern);
  const program = compile(ignoreCase ? ignoringCase(node) : node);
  return (text) => matchesAnywhere(program, text.slice(0, MAX_TEXT_LENGTH));
}

function ignoringCase(node: RegexNode): RegexNode {
  switch (node.kind) {
    case 'character': {
      const test: CharacterTest = (c) => node.test(c.toLowerCase()) || node.test(c.toUpperCase());
      return { kind: 'character', test };
    }
    case 'sequence':
      return { kind: 'sequence', nodes: node.nodes.map(ignoringCase) };
    case 'choice':
      return { kind: 'choice', options: node.options.map(ignoringCase) };
    case 'repeat':
      return { ...node, node: ignoringCase(node.node) };
    default:
      return node;
  }
}

function likeTest(pattern: string): TextTest {
  const nodes: RegexNode[] = [{ kind: 'start' }];
  for (const part of pattern.match(/%%|[\s\S]/gu) ?? []) {
    nodes.push(likeNode(part));
  }
  const program = compile({ kind: 'sequence', nodes: [...nodes, { kind: 'end' }] });
  return (text) => matchesAnywhere(program, text.slice(0, MAX_TEXT_LENGTH));
}

function likeNode(part: string): RegexNode {
  const any: RegexNode = { kind: 'character', test: anyCharacter };
  switch (part) {
    case '%':
      return { kind: 'repeat', node: any, min: 0, max: null };
    case '_':
      return any;
    default:
      return { kind: 'character', test: (c) => c === (part === '%%' ? '%' : part) };
  }
}
