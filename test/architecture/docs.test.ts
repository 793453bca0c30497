import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '../../infra/config.ts';
import { API } from '../../src/contracts/api.ts';
import { ERROR_CODES } from '../../src/contracts/errors.ts';
import { ACTIONS } from '../../src/contracts/permissions.ts';
import { RECORDS } from '../../src/contracts/records.ts';
import { anchorsOf, codeOf, markdownFiles, readText, tableRows } from './markdown.ts';

const ROLES = ['owner', 'member', 'collaborator'] as const;
/** A path of the repository in running text; one with a placeholder or a wildcard names a family. */
const PATH = /^(src|infra|lambdas|local|test|trainer|web|scripts|statemachines|docs|bin)\/[\w./-]+$/;

describe('docs/operator-guide/permissions.md', () => {
  const rows = tableRows(readText('docs/operator-guide/permissions.md'));

  it('lists every action with the roles that have it', () => {
    const documented = rows.map(([action, ...cells]) => [
      action,
      ROLES.filter((_, at) => cells[at] === 'yes'),
    ]);
    expect(documented).toEqual(Object.entries(ACTIONS));
  });

  it('lists the operations of the API under the action that each needs', () => {
    const documented = rows.map(([action, , , , operations = '']) => [
      action,
      [...operations.matchAll(/\w+/g)].map(([name]) => name),
    ]);
    const needed = Object.keys(ACTIONS).map((action) => [
      action,
      Object.entries(API).flatMap(([name, operation]) => (operation.action === action ? [name] : [])),
    ]);
    expect(documented).toEqual(needed);
  });
});

describe('docs/user-guide/errors.md', () => {
  const rows = tableRows(readText('docs/user-guide/errors.md'));

  it('lists every error code once, in order, with its HTTP status', () => {
    const documented = rows.map(([code, status]) => [code, Number(status)]);
    expect(documented).toEqual(
      Object.entries(ERROR_CODES).map(([code, { httpStatus }]) => [code, httpStatus]),
    );
  });

  it.each(rows)('says of %s what it means and what to do', (_code, _status, meaning, advice) => {
    expect([meaning?.length, advice?.length].every((length) => (length ?? 0) > 5)).toBe(true);
  });
});

describe('docs/developer-guide/data-model.md', () => {
  const text = readText('docs/developer-guide/data-model.md');

  it('lists every entity with its states', () => {
    const documented = tableRows(text, 'Records').map(([entity, , states = '']) => [
      entity,
      [...states.matchAll(/[\w-]+/g)].map(([name]) => name),
    ]);
    const defined = Object.entries(RECORDS).map(([entity, schema]) => {
      const { state } = schema.shape;
      return [entity, 'options' in state ? [...state.options] : [...state.values]];
    });
    expect(documented).toEqual(defined);
  });

  it('gives a query for every list of the API', () => {
    const documented = tableRows(text, 'Each list of the API is one query').map(([operation]) => operation);
    const lists = Object.keys(API).filter((name) => name.startsWith('list'));
    expect(documented.sort()).toEqual(lists.sort());
  });
});

describe('docs/operator-guide/deploy-to-aws.md', () => {
  it('lists every setting of infra/config.ts with its default', () => {
    const rows = tableRows(readText('docs/operator-guide/deploy-to-aws.md'), 'Settings');
    const { target: _target, ...defaults } = parseConfig('aws');
    const flat = Object.entries(defaults).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value).map(([inner, under]) => [`${name}.${inner}`, JSON.stringify(under)])
        : [[name, JSON.stringify(value)]],
    );
    expect(rows.map(([name, value]) => [name, value])).toEqual(flat);
  });
});

describe('docs/operator-guide/runbook.md', () => {
  it('has an entry for every section that an alarm links to', () => {
    const constructs = readdirSync('infra', { recursive: true, encoding: 'utf8' });
    const sources = constructs
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readText(join('infra', name)));
    const linked = sources.flatMap((source) =>
      [...source.matchAll(/runbookSection: '([\w-]+)'/g)].map((match) => match[1]),
    );
    expect(linked.length).toBeGreaterThan(0);
    expect(anchorsOf(readText('docs/operator-guide/runbook.md'))).toEqual(expect.arrayContaining(linked));
  });
});

describe.each(markdownFiles())('%s', (file) => {
  const text = readText(file);

  it('links to what is there', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    const broken = links.filter((link) => !/^(https?|mailto):/.test(link) && !isThere(file, link));
    expect(broken).toEqual([]);
  });

  it('names files and folders that are there', () => {
    const named = codeOf(text).filter((code) => PATH.test(code) && !code.includes('/dist'));
    expect(named.filter((path) => !existsSync(path) && !existsSync(join(dirname(file), path)))).toEqual([]);
  });

  it('names npm scripts that are there', () => {
    const scripts: unknown = JSON.parse(readText('package.json')).scripts;
    const named = codeOf(text).flatMap((code) => /^npm run ([\w:]+)/.exec(code)?.[1] ?? []);
    expect(Object.keys(scripts as object)).toEqual(expect.arrayContaining(named));
  });
});

function isThere(file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(readText(target)).includes(anchor);
}
