import { describe, expect, it } from '@jest/globals';
import type { Slice, SliceAcquisition } from '../../../../src/imaging/dicom/slice.ts';
import { planSeries } from '../../../../src/imaging/series/plan-series.ts';
import { tellApart } from '../../../../src/imaging/series/tell-apart.ts';
import { codeOf, makeSeries, makeSlice } from './make-slice.ts';

/** `volumes` images at each of `places` positions; the acquisition of each is a function of both. */
function repeated(
  volumes: number,
  places: number,
  acquisition: (volume: number, place: number) => SliceAcquisition,
): Slice[] {
  return Array.from({ length: volumes * places }, (_, at) => {
    const [volume, place] = [Math.floor(at / places), at % places];
    return makeSlice({
      sopInstanceUid: `1.${volume}.${place}`,
      positionLps: [0, 0, 2 * place],
      acquisition: acquisition(volume, place),
    });
  });
}

/** Labels of the parts of each volume, and the first number of the UIDs it is made of. */
function volumesOf(slices: readonly Slice[]) {
  return planSeries(slices).volumes.map(({ parts = [], slices: used }) => ({
    labels: parts.map(({ kind, index, label }) => `${kind} ${index}: ${label}`),
    from: [...new Set(used.map(({ sopInstanceUid }) => sopInstanceUid.split('.')[1]))].join(),
    slices: used.length,
  }));
}

describe('slices in one place', () => {
  it.each<{ what: string; read: (volume: number) => SliceAcquisition; labels: string[] }>([
    {
      what: 'echo time',
      read: (volume) => ({ echoTimeMs: [4.92, 2.46][volume] as number }),
      labels: ['echo 1: echo time 2.46 ms', 'echo 2: echo time 4.92 ms'],
    },
    {
      what: 'echo number',
      read: (volume) => ({ echoNumber: 2 - volume }),
      labels: ['echo 1: echo 1', 'echo 2: echo 2'],
    },
    {
      what: 'b-value',
      read: (volume) => ({ bValue: [1000, 0][volume] as number }),
      labels: ['b-value 1: b-value 0 s/mm2', 'b-value 2: b-value 1000 s/mm2'],
    },
    {
      what: 'temporal position',
      read: (volume) => ({ temporalPosition: 12 - volume }),
      labels: ['phase 1: temporal position 11', 'phase 2: temporal position 12'],
    },
    {
      what: 'acquisition number',
      read: (volume) => ({ acquisitionNumber: 5 - volume }),
      labels: ['phase 1: acquisition 4', 'phase 2: acquisition 5'],
    },
  ])('are told apart by $what, the smallest first', ({ read, labels }) => {
    expect(volumesOf(repeated(2, 3, read))).toEqual([
      { labels: [labels[0]], from: '1', slices: 3 },
      { labels: [labels[1]], from: '0', slices: 3 },
    ]);
  });

  it('put a value that is not stated last', () => {
    const slices = repeated(2, 3, (volume) => (volume === 0 ? {} : { echoNumber: 2 }));
    expect(volumesOf(slices).map(({ labels, from }) => [labels[0], from])).toEqual([
      ['echo 1: echo 2', '1'],
      ['echo 2: echo unstated', '0'],
    ]);
  });

  it('are told apart by a time of their own, which may differ from place to place', () => {
    const byTrigger = repeated(3, 4, (volume, place) => ({ triggerTimeMs: 100 * (2 - volume) + 7 * place }));
    expect(volumesOf(byTrigger)).toEqual(
      [2, 1, 0].map((volume, at) => ({
        labels: [`phase ${at + 1}: phase ${at + 1} of 3 by TriggerTime (0018,1060)`],
        from: String(volume),
        slices: 4,
      })),
    );
    const byTime = repeated(2, 3, (volume, place) => ({
      acquiredAt: `2026010112${10 + volume}${10 + place}`,
    }));
    expect(volumesOf(byTime)[1]?.labels).toEqual(['phase 2: phase 2 of 2 by AcquisitionTime (0008,0032)']);
  });

  it('are told apart by the dimensions of an enhanced object', () => {
    const slices = repeated(2, 3, (volume, place) => ({
      instanceNumber: 1,
      dimensionIndexValues: [1, place + 1, 2 - volume],
    }));
    expect(volumesOf(slices).map(({ from }) => from)).toEqual(['1', '0']);
  });

  it('are told apart within one another', () => {
    const slices = repeated(4, 3, (volume) => ({
      echoTimeMs: volume < 2 ? 5 : 3,
      temporalPosition: 1 + (volume % 2),
    }));
    expect(volumesOf(slices)).toEqual([
      { labels: ['echo 1: echo time 3 ms', 'phase 1: temporal position 1'], from: '2', slices: 3 },
      { labels: ['echo 1: echo time 3 ms', 'phase 2: temporal position 2'], from: '3', slices: 3 },
      { labels: ['echo 2: echo time 5 ms', 'phase 1: temporal position 1'], from: '0', slices: 3 },
      { labels: ['echo 2: echo time 5 ms', 'phase 2: temporal position 2'], from: '1', slices: 3 },
    ]);
  });

  it('may be repeated for one b-value only', () => {
    const slices = repeated(4, 3, (volume) => ({
      bValue: volume === 0 ? 0 : 1000,
      temporalPosition: volume + 1,
    }));
    expect(volumesOf(slices).map(({ labels }) => labels.length)).toEqual([1, 2, 2, 2]);
  });

  it('warn of a phase that lacks slices', () => {
    const slices = repeated(3, 4, (volume) => ({ temporalPosition: volume })).slice(0, -2);
    expect(planSeries(slices).volumes.map(({ warnings }) => warnings)).toEqual([
      [],
      [],
      ['this part of the series has 2 slices, others have up to 4'],
    ]);
  });

  it('reject a phase of a single slice', () => {
    const slices = repeated(2, 3, (volume) => ({ temporalPosition: volume })).slice(0, -2);
    const { volumes, rejected } = planSeries(slices);
    expect(volumes).toHaveLength(1);
    expect(rejected.map(({ code }) => code)).toEqual(['MixedSeries']);
  });

  it('of a single place make volumes of one slice', () => {
    const slices = repeated(3, 1, (volume) => ({ triggerTimeMs: 10 * volume }));
    expect(planSeries(slices).volumes.map(({ geometry }) => geometry.sizeIjk)).toEqual([
      [3, 2, 1],
      [3, 2, 1],
      [3, 2, 1],
    ]);
  });

  it('differ in ImageType: magnitude, phase, derived', () => {
    const slices = ['M', 'P'].flatMap((component, volume) =>
      makeSeries(3, (k) => ({
        sopInstanceUid: `1.${volume}.${k}`,
        imageType: ['ORIGINAL', 'PRIMARY', component],
      })),
    );
    expect(volumesOf(slices).map(({ labels }) => labels[0])).toEqual([
      'image-type 1: image type M',
      'image-type 2: image type P',
    ]);
    const derived = ['ORIGINAL', 'DERIVED'].flatMap((origin, volume) =>
      makeSeries(3, (k) => ({ sopInstanceUid: `1.${volume}.${k}`, imageType: [origin, 'PRIMARY', 'AXIAL'] })),
    );
    expect(volumesOf(derived).map(({ labels }) => labels[0])).toEqual([
      'image-type 1: image type DERIVED\\PRIMARY\\AXIAL',
      'image-type 2: image type ORIGINAL\\PRIMARY\\AXIAL',
    ]);
  });
});

describe('slices in different places', () => {
  it('make two volumes when they are of two components or stacks', () => {
    const components = makeSeries(4, (k) => ({ imageType: ['ORIGINAL', 'PRIMARY', k < 2 ? 'M' : 'P'] }));
    expect(volumesOf(components).map(({ slices }) => slices)).toEqual([2, 2]);
    const stacks = makeSeries(4, (k) => ({ acquisition: { stackId: k < 2 ? 'B' : 'A' } }));
    expect(volumesOf(stacks).map(({ labels }) => labels[0])).toEqual([
      'stack 1: stack A',
      'stack 2: stack B',
    ]);
  });

  it('make one volume whatever else differs', () => {
    const slices = makeSeries(4, (k) => ({
      imageType: [k < 2 ? 'ORIGINAL' : 'DERIVED', 'PRIMARY', 'AXIAL'],
      acquisition: { acquisitionNumber: k, acquiredAt: `2026010112000${k}`, echoTimeMs: 3 + k / 1000 },
    }));
    expect(planSeries(slices).volumes).toHaveLength(1);
    expect(planSeries(slices).volumes[0]?.part).toBeUndefined();
  });
});

describe('InstanceNumber alone', () => {
  const numbered = (number: (volume: number, place: number) => number) =>
    repeated(3, 4, (volume, place) => ({ instanceNumber: number(volume, place) }));

  it('tells volume after volume and place after place apart, with a warning', () => {
    for (const slices of [
      numbered((volume, place) => 40 - 10 * volume + place),
      numbered((volume, place) => 10 * place - volume),
    ]) {
      const { volumes } = planSeries(slices);
      expect(volumesOf(slices).map(({ from }) => from)).toEqual(['2', '1', '0']);
      expect(volumes[0]?.warnings).toEqual([expect.stringContaining('only InstanceNumber (0020,0013)')]);
    }
  });

  it('is refused where numbers are shuffled, repeated or not stated', () => {
    const shuffled = [5, 3, 11, 1, 9, 2, 8, 12, 4, 10, 7, 6];
    for (const slices of [
      numbered((volume, place) => shuffled[volume * 4 + place] as number),
      numbered((_, place) => place),
      repeated(2, 3, () => ({})),
    ]) {
      expect(codeOf(() => planSeries(slices))).toBe('DuplicateSlicePosition');
    }
  });

  it('is refused for a single place, and where one place has more images than another', () => {
    const onePlace = repeated(3, 1, (volume) => ({ instanceNumber: volume }));
    expect(codeOf(() => planSeries(onePlace))).toBe('DuplicateSlicePosition');
    const uneven = numbered((volume, place) => 10 * volume + place).slice(1);
    expect(codeOf(() => planSeries(uneven))).toBe('DuplicateSlicePosition');
  });
});

describe('tellApart', () => {
  it('ignores an attribute with more values than one place has images', () => {
    const slices = [
      ...makeSeries(4, (k) => ({ acquisition: { acquisitionNumber: k } })),
      makeSlice({ sopInstanceUid: '1.5', acquisition: { acquisitionNumber: 9 } }),
    ];
    expect(tellApart(slices)).toHaveLength(1);
  });

  it('ignores a time that some slice does not state', () => {
    const slices = repeated(2, 3, (volume, place) => (place === 0 ? {} : { triggerTimeMs: volume }));
    expect(tellApart(slices)).toHaveLength(1);
  });

  it('refuses an orientation that is none', () => {
    expect(codeOf(() => tellApart([makeSlice({ rowCosinesLps: [0, 0, 0] })]))).toBe('DegenerateOrientation');
  });
});
