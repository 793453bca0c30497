import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rtStruct } from '../../helpers/dicom-writer.ts';
import { LIVER, newFolder, rectangle, TUMOUR } from './mask-files.ts';
import { runCli } from './run-cli.ts';

describe('contourflow labels check', () => {
  it('says what a label map makes of the regions of each file', async () => {
    const map = JSON.stringify({
      schemaVersion: 1,
      regions: [
        { name: 'Liver', value: 5, synonyms: ['Hepar'] },
        { name: 'Spleen', value: 6 },
      ],
      ignore: ['tumour/1'],
    });
    const folder = newFolder({
      'map.json': map,
      'a.dcm': rtStruct({
        rois: [
          LIVER,
          TUMOUR,
          { number: 1, name: 'Couch', contours: [rectangle(1, [1, 1], [2, 2])] },
          { number: 2, name: 'Void', contours: [] },
        ],
      }),
      'b.dcm': rtStruct({ rois: [{ ...LIVER, name: 'hepar' }] }),
      'c.dcm': 'nothing',
    });
    const args = [
      'labels',
      'check',
      join(folder, 'map.json'),
      ...['a', 'b', 'c'].map((name) => join(folder, `${name}.dcm`)),
    ];
    const result = await runCli([...args, '--json']);
    expect(result.code).toBe(3);
    expect(JSON.parse(result.out)).toEqual({
      labelMap: {
        entries: [
          { name: 'Liver', value: 5 },
          { name: 'Spleen', value: 6 },
        ],
        problems: [],
      },
      files: [
        {
          ...{ file: join(folder, 'a.dcm'), status: 'read', format: 'RTSTRUCT' },
          matched: [{ name: 'Liver', entry: 'Liver', value: 5, via: 'name' }],
          ...{ unmapped: ['Couch'], ignored: ['Tumour/1'], empty: ['Void'] },
          missing: [{ name: 'Spleen', value: 6 }],
        },
        {
          ...{ file: join(folder, 'b.dcm'), status: 'read', format: 'RTSTRUCT' },
          matched: [{ name: 'hepar', entry: 'Liver', value: 5, via: 'synonym' }],
          ...{ unmapped: [], ignored: [], empty: [] },
          missing: [{ name: 'Spleen', value: 6 }],
        },
        {
          file: join(folder, 'c.dcm'),
          status: 'rejected',
          reason: 'UnsupportedRoiType',
          message: expect.any(String),
        },
      ],
    });
    const text = await runCli(args);
    expect(text.out).toContain('unmapped');
    expect(text.out).toContain('rejected UnsupportedRoiType');
  });

  it('rejects a file with a region that cannot be read', async () => {
    const damaged = { number: 2, name: 'Spleen', contours: [{ points: [1, 2, 3, 4] }] };
    const folder = newFolder({ map: 'Liver=1', 'a.dcm': rtStruct({ rois: [LIVER, damaged] }) });
    const result = await runCli(['labels', 'check', join(folder, 'map'), join(folder, 'a.dcm'), '--json']);
    expect(result.code).toBe(3);
    expect(JSON.parse(result.out).files).toEqual([
      expect.objectContaining({ status: 'rejected', reason: 'MalformedContour' }),
    ]);
  });

  it('reports every bad line at once', async () => {
    const map = join(newFolder({ 'map.txt': 'Liver\nSpleen=0\nA=1\na=2\n' }), 'map.txt');
    const result = await runCli(['labels', 'check', map, '--json']);
    expect(result.code).toBe(3);
    expect(JSON.parse(result.out).labelMap.problems).toHaveLength(3);
    expect((await runCli(['labels', 'check', map])).out).toContain('bad: line 1');
  });

  it('accepts a good map without files, and refuses one that is not there as a usage error', async () => {
    const map = join(newFolder({ 'map.txt': 'Liver=1' }), 'map.txt');
    expect(await runCli(['labels', 'check', map])).toMatchObject({
      code: 0,
      out: 'the label map is well-formed',
    });
    expect((await runCli(['labels', 'check', '/nowhere'])).code).toBe(2);
  });
});
