import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeCursor, encodeCursor } from '../../../../../src/adapters/aws/dynamo/cursor.ts';
import {
  edgeKey,
  edgePrefix,
  listKey,
  listPartition,
  parseEdge,
  parsePartition,
  recordKey,
  statePrefix,
} from '../../../../../src/adapters/aws/dynamo/keys.ts';

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/);
const id = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });
const reference = fc.record({ entity: name, id });

describe('keys of the table', () => {
  it('are spelled like this', () => {
    expect(recordKey('p', 'case', 'c#1')).toEqual({ PK: 'P#p#case#c#1', SK: 'RECORD' });
    expect(edgeKey('p', { entity: 'case', id: 'c' }, { entity: 'dataset', id: 'd' })).toEqual({
      PK: 'P#p#case#c',
      SK: 'EDGE#dataset#d',
      GSI2PK: 'P#p#dataset#d',
      GSI2SK: 'EDGE#case#c',
    });
    expect(listKey({ project: 'p', entity: 'run', id: 'r', state: 'running', createdAt: 'T' })).toEqual({
      GSI1PK: 'P#p#run',
      GSI1SK: 'running#T#r',
    });
    expect(listPartition('p', 'project')).toBe('PROJECTS');
  });

  it('can be taken apart again, for any id', () => {
    fc.assert(
      fc.property(name, reference, (project, { entity, id: recordId }) => {
        const { PK } = recordKey(project, entity, recordId);
        expect(parsePartition(PK)).toEqual({ project, entity, id: recordId });
      }),
    );
  });

  it('lead along an edge in both directions', () => {
    fc.assert(
      fc.property(name, reference, reference, (project, from, to) => {
        const key = edgeKey(project, from, to);
        expect(parsePartition(key.PK)).toEqual({ project, ...from });
        expect(parseEdge(key.SK)).toEqual(to);
        expect(parsePartition(key.GSI2PK)).toEqual({ project, ...to });
        expect(parseEdge(key.GSI2SK)).toEqual(from);
        expect(key.SK.startsWith(edgePrefix(to.entity))).toBe(true);
      }),
    );
  });

  it('differ for different records', () => {
    const where = fc.tuple(name, name, id);
    fc.assert(
      fc.property(where, where, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(recordKey(...a).PK === recordKey(...b).PK).toBe(same);
      }),
    );
  });

  it('select one state and never one that begins alike', () => {
    const key = { project: 'p', entity: 'run', id: 'r', createdAt: 'T' };
    const { GSI1SK } = listKey({ ...key, state: 'failed-late' });
    expect(GSI1SK.startsWith(statePrefix('failed-late'))).toBe(true);
    expect(GSI1SK.startsWith(statePrefix('failed'))).toBe(false);
  });

  it.each([
    ['', 'case', 'c'],
    ['a#b', 'case', 'c'],
    ['p', '', 'c'],
    ['p', 'case#x', 'c'],
    ['p', 'case', ''],
  ])('are refused for project %j, entity %j, id %j', (project, entity, recordId) => {
    expect(() => recordKey(project, entity, recordId)).toThrow(
      expect.objectContaining({ code: 'InvalidRequest' }),
    );
  });

  it.each(['', 'P#p', 'P#p#case#', 'X#p#case#c', 'EDGE#case#c'])('are not read from %j', (text) => {
    expect(() => parsePartition(text)).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
  });

  it.each(['', 'RECORD', 'EDGE#case', 'EDGE##c', 'EDGE#case#'])('are no edge: %j', (text) => {
    expect(() => parseEdge(text)).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
  });
});

describe('cursors', () => {
  const expected = { attribute: 'GSI1PK', value: 'P#p#run' };

  it('bring back the key of the last item, for any id', () => {
    fc.assert(
      fc.property(id, (recordId) => {
        const key = { ...recordKey('p', 'run', recordId), GSI1PK: 'P#p#run', GSI1SK: `s#T#${recordId}` };
        const cursor = encodeCursor(key);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeCursor(cursor ?? '', expected)).toEqual(key);
      }),
    );
  });

  it('end with the last page', () => {
    expect(encodeCursor(undefined)).toBeNull();
    expect(decodeCursor(undefined, expected)).toBeUndefined();
  });

  it('of another project are refused', () => {
    const cursor = encodeCursor({ GSI1PK: 'P#other#run' }) ?? '';
    expect(() => decodeCursor(cursor, expected)).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
  });

  it('that are not ours are refused', () => {
    const texts = ['null', '"P#p#run"', '[]', '{"GSI1PK":7}', 'not json'];
    for (const cursor of ['', ...texts.map((text) => Buffer.from(text).toString('base64url'))]) {
      expect(() => decodeCursor(cursor, expected)).toThrow(
        expect.objectContaining({ code: 'InvalidRequest' }),
      );
    }
  });
});
