import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Markdown that people read: the docs, and what lies in the root and beside the code. */
export function markdownFiles(): string[] {
  const inDocs = readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name));
  const beside = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
  const parts = ['local/emulator', 'local/phantoms', 'local/xnat', 'trainer'].map(
    (part) => `${part}/README.md`,
  );
  return [...inDocs.filter((name) => name.endsWith('.md')), ...beside, ...parts].sort();
}

export function readText(file: string): string {
  return readFileSync(file, 'utf8');
}

/** Body rows of every table under the heading, or of the whole file; cells trimmed, without their backticks. */
export function tableRows(markdown: string, heading?: string): string[][] {
  const text = heading === undefined ? markdown : sectionOf(markdown, heading);
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const isBody = line.startsWith('|') && !isRule(line) && !isRule(lines[at + 1] ?? '');
    return isBody ? [cellsOf(line)] : [];
  });
}

/** The text below a heading of any level, up to the next heading. */
function sectionOf(markdown: string, heading: string): string {
  const lines = markdown.split('\n');
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (from < 0) throw new Error(`there is no heading "${heading}"`);
  const to = lines.findIndex((line, at) => at > from && /^#+ /.test(line));
  return lines.slice(from + 1, to < 0 ? undefined : to).join('\n');
}

function isRule(line: string): boolean {
  return /^\|(\s*:?-+:?\s*\|)+$/.test(line.trim());
}

function cellsOf(line: string): string[] {
  const cells = line.trim().slice(1, -1).split('|');
  return cells.map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1'));
}

/** Anchors that GitHub gives the headings of a file. */
export function anchorsOf(markdown: string): string[] {
  const headings = markdown.split('\n').filter((line) => /^#+ /.test(line));
  return headings.map((line) =>
    line
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Lines of code: fenced blocks line by line, continued lines joined, and inline code as it stands. */
export function codeOf(markdown: string): string[] {
  const blocks = markdown.split(/^```.*$/m);
  return blocks.flatMap((block, at) =>
    at % 2 === 1
      ? block.replaceAll(/\\\n\s*/g, ' ').split('\n')
      : [...block.matchAll(/`([^`]+)`/g)].map((match) => (match[1] ?? '').replaceAll(/\s+/g, ' ')),
  );
}
