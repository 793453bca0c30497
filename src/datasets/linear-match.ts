import { PipelineError } from '../contracts/errors.ts';
import type { CharacterTest, RegexNode } from './regex-syntax.ts';

type Instruction =
  | { readonly op: 'test'; readonly test: CharacterTest }
  | { readonly op: 'split'; readonly first: number; readonly second: number }
  | { readonly op: 'start' }
  | { readonly op: 'end' };

/** Instructions run one after another; falling off the end is a match. */
export type Program = readonly Instruction[];

const MAX_INSTRUCTIONS = 4_000;

/**
 * Compiles a pattern to a program that all ways of matching walk in step, so that the time is bounded by
 * text length x program length whatever the pattern: no pattern can make it hang.
 *
 * @throws InvalidRequest when the repeats multiply to more than {@link MAX_INSTRUCTIONS} instructions.
 */
export function compile(node: RegexNode): Program {
  const program: Instruction[] = [];
  emit(program, node);
  return program;
}

function emit(program: Instruction[], node: RegexNode): void {
  if (program.length > MAX_INSTRUCTIONS) {
    throw new PipelineError(
      'InvalidRequest',
      `a regular expression repeats too much: over ${MAX_INSTRUCTIONS} steps; use "*" or "+" instead of nested {n,m}`,
    );
  }
  switch (node.kind) {
    case 'character':
      program.push({ op: 'test', test: node.test });
      return;
    case 'start':
    case 'end':
      program.push({ op: node.kind });
      return;
    case 'sequence':
      for (const part of node.nodes) emit(program, part);
      return;
    case 'choice':
      emitChoice(program, node.options);
      return;
    case 'repeat':
      emitRepeat(program, node);
      return;
  }
}

function emitChoice(program: Instruction[], options: readonly RegexNode[]): void {
  const exits: number[] = [];
  options.forEach((option, index) => {
    if (index === options.length - 1) {
      emit(program, option);
      return;
    }
    const split = reserve(program);
    emit(program, option);
    exits.push(reserve(program));
    program[split] = { op: 'split', first: split + 1, second: program.length };
  });
  for (const exit of exits) {
    program[exit] = { op: 'split', first: program.length, second: program.length };
  }
}

function emitRepeat(
  program: Instruction[],
  { node, min, max }: Extract<RegexNode, { kind: 'repeat' }>,
): void {
  for (let i = 0; i < min; i++) {
    emit(program, node);
  }
  if (max === null) {
    const split = reserve(program);
    emit(program, node);
    program.push({ op: 'split', first: split, second: split });
    program[split] = { op: 'split', first: split + 1, second: program.length };
    return;
  }
  const splits: number[] = [];
  for (let i = min; i < max; i++) {
    splits.push(reserve(program));
    emit(program, node);
  }
  for (const split of splits) {
    program[split] = { op: 'split', first: split + 1, second: program.length };
  }
}

/** A place for a jump whose target is not known yet. */
function reserve(program: Instruction[]): number {
  return program.push({ op: 'split', first: 0, second: 0 }) - 1;
}

/** Whether the program matches anywhere in the text; anchors tie it to the ends. */
export function matchesAnywhere(program: Program, text: string): boolean {
  const characters = Array.from(text);
  let states = new Set<number>();
  for (let at = 0; at <= characters.length; at++) {
    const edge = { atStart: at === 0, atEnd: at === characters.length };
    const reached = closure(program, [...states, 0], edge);
    if (reached.has(program.length)) {
      return true;
    }
    states = step(program, reached, characters[at]);
  }
  return false;
}

function closure(
  program: Program,
  from: readonly number[],
  edge: { atStart: boolean; atEnd: boolean },
): Set<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (reached.has(state)) continue;
    reached.add(state);
    const instruction = program[state];
    if (instruction?.op === 'split') {
      open.push(instruction.first, instruction.second);
    } else if ((instruction?.op === 'start' && edge.atStart) || (instruction?.op === 'end' && edge.atEnd)) {
      open.push(state + 1);
    }
  }
  return reached;
}

function step(program: Program, states: ReadonlySet<number>, character: string | undefined): Set<number> {
  const next = new Set<number>();
  if (character === undefined) {
    return next;
  }
  for (const state of states) {
    const instruction = program[state];
    if (instruction?.op === 'test' && instruction.test(character)) {
      next.add(state + 1);
    }
  }
  return next;
}
