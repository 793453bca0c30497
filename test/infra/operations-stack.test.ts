import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { wrap } from '../../lambdas/_shared/middleware.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import { dashboardName } from '../../src/contracts/metrics.ts';
import { synthesise } from '../helpers/synthesise.ts';

const REGION = { Ref: 'AWS::Region' };
const template = synthesise('aws').Operations;
const queries = new Map(
  Object.values(template.findResources('AWS::Logs::QueryDefinition')).map(({ Properties }) => [
    String(Properties.Name),
    String(Properties.QueryString),
  ]),
);
const queryOf = (name: string): string => queries.get(`Contourflow/${name}`) ?? '';

/** Names that a query uses; those that begin with @ are CloudWatch's own. */
function namesIn(query: string): string[] {
  const [fields = ''] = /^fields (.*)/m.exec(query)?.slice(1) ?? [];
  const compared = [...query.matchAll(/(@?\w+) (?:=|in) /g)].map(([, name = '']) => name);
  return [...fields.split(',').map((name) => name.trim()), ...compared].filter(
    (name) => !name.startsWith('@'),
  );
}

describe('the dashboard', () => {
  it('has the name under which the smoke test looks for it', () => {
    const [[, { Properties }] = ['', { Properties: {} }]] = Object.entries(
      template.findResources('AWS::CloudWatch::Dashboard'),
    );
    const [before = '', after = ''] = dashboardName('|').split('|');
    expect(Properties.DashboardName).toEqual({
      'Fn::Join': ['', [before, REGION, after].filter((part) => part !== '')],
    });
  });
});

describe('the saved queries', () => {
  const lines: Record<string, unknown>[] = [];

  /** The line that a failing stage really writes, past every mock. */
  async function lineOf(error: Error): Promise<Record<string, unknown>> {
    const keep = (text: unknown): boolean => {
      const [line = ''] = String(text).split('\n');
      if (line.includes(':Failed')) lines.push(JSON.parse(line));
      return true;
    };
    for (const stream of [process.stdout, process.stderr])
      jest.spyOn(stream, 'write').mockImplementation(keep);
    const handler = wrap('convert-series', () => Promise.reject(error));
    await expect(
      handler({ project: 'P', session: 'E1' }, { awsRequestId: 'request-1' } as Context),
    ).rejects.toThrow();
    return lines.at(-1) ?? {};
  }
  let refused: Record<string, unknown>;
  let failed: Record<string, unknown>;
  beforeAll(async () => {
    refused = await lineOf(new PipelineError('TooFewSlices', 'one slice'));
    failed = await lineOf(new PipelineError('UpstreamError', 'throttled'));
    jest.restoreAllMocks();
  });
  afterEach(() => void jest.restoreAllMocks());

  it.each(['Errors of stages', 'Everything about one session'])(
    'name in "%s" what the logger writes',
    (name) => {
      const names = namesIn(queryOf(name));
      expect(names).toEqual(expect.arrayContaining(['code', 'reason', 'stage']));
      expect(Object.keys(refused)).toEqual(expect.arrayContaining(names));
    },
  );

  it('find a stage that refused its input, at level WARN, as well as one that failed', () => {
    const [, levels = ''] = /level in \[([^\]]*)\]/.exec(queryOf('Errors of stages')) ?? [];
    expect([refused.level, failed.level]).toEqual(['WARN', 'ERROR']);
    expect(JSON.parse(`[${levels}]`)).toEqual(['WARN', 'ERROR']);
  });

  it('show the fields that the runbook sends its reader to', () => {
    expect(queryOf('Errors of stages')).toMatch(
      /^fields @timestamp, stage, level, code, reason, .*requestId/m,
    );
  });
});
