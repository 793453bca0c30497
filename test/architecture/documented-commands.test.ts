import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { COMMANDS } from '../../src/cli/command-table.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { codeOf, markdownFiles, readText } from './markdown.ts';

const GLOBAL_OPTIONS = ['--json', '--data', '--project', '--help'];

/** The whole command line as commander knows it; registering a command calls nothing of its context. */
async function everyCommand(): Promise<Command> {
  const program = new Command('contourflow');
  const untouched = new Proxy({} as CliContext, {
    get: (_, name) => {
      throw new Error(`registering a command used context.${String(name)}`);
    },
  });
  for (const { load } of Object.values(COMMANDS)) (await load()).register(program, untouched);
  return program;
}

const program = await everyCommand();

/** What is wrong with a documented command line, or null. */
function faultOf(line: string): string | null {
  const words = line
    .replace(/\s#.*$/, '')
    .split(/\s+/)
    .slice(1);
  let command = program;
  while (command.commands.length > 0 && words[0] !== undefined && !words[0].startsWith('-')) {
    const next = command.commands.find((one) => one.name() === words[0]);
    if (!next) return `"${line}": ${command.name()} has no command "${words[0]}"`;
    command = next;
    words.shift();
  }
  const known = [...GLOBAL_OPTIONS, ...command.options.map(({ long }) => long)];
  const options = words.flatMap((word) => /^--[a-z-]+/.exec(word)?.[0] ?? []);
  const unknown = options.filter((option) => !known.includes(option));
  return unknown.length > 0 ? `"${line}": ${command.name()} has no option ${unknown.join(', ')}` : null;
}

function documentedCommands(file: string): string[] {
  return codeOf(readText(file)).filter((code) => /^(bin\/)?contourflow [a-z-]/.test(code));
}

describe('documented commands', () => {
  it.each(markdownFiles())('of %s are understood by the command line', (file) => {
    expect(documentedCommands(file).flatMap((line) => faultOf(line) ?? [])).toEqual([]);
  });

  it('are found at all', () => {
    expect(markdownFiles().flatMap(documentedCommands).length).toBeGreaterThan(30);
  });

  it('with an unknown command or option would be noticed', () => {
    expect(faultOf('contourflow runs wath RUN')).toMatch(/no command "wath"/);
    expect(faultOf('contourflow runs logs RUN --folow')).toMatch(/no option --folow/);
    expect(faultOf('contourflow runs logs RUN --follow')).toBeNull();
  });
});
