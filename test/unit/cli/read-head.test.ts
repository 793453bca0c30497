import { describe, expect, it } from '@jest/globals';
import { headReader } from '../../../src/cli/mask/read-head.ts';

function source() {
  const reads: string[] = [];
  const fill = (how: string) => (target: Uint8Array) => {
    reads.push(how);
    target.fill(7);
  };
  const readInto = async (target: Uint8Array) => fill('waiting')(target);
  return { reads, name: 'IM1', sizeBytes: 100, readNow: fill('now'), readInto };
}

describe('headReader', () => {
  it('reads at once from what answers at once', async () => {
    const file = source();
    const read = headReader(Number.POSITIVE_INFINITY);
    const head = new Uint8Array(4);
    for (let n = 0; n < 3; n++) await read(file, head);
    expect(file.reads).toEqual(['now', 'now', 'now']);
    expect([...head]).toEqual([7, 7, 7, 7]);
  });

  it('lets others read meanwhile after one slow read', async () => {
    const file = source();
    // No read takes less than no time.
    const read = headReader(-1);
    for (let n = 0; n < 3; n++) await read(file, new Uint8Array(4));
    expect(file.reads).toEqual(['now', 'waiting', 'waiting']);
  });

  it('reports what reading at once reports', async () => {
    const gone = {
      ...source(),
      readNow: () => {
        throw new RangeError('gone');
      },
    };
    await expect(headReader()(gone, new Uint8Array(4))).rejects.toThrow('gone');
  });
});
