import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import {
  type Attribute,
  openDicom,
  readBytes,
  readItems,
  readNumbers,
  readString,
} from '../../../../src/imaging/dicom/data-set.ts';
import {
  DEFLATED_LITTLE_ENDIAN,
  type Element,
  EXPLICIT_LITTLE_ENDIAN,
  writeDicom,
} from '../../../helpers/dicom-elements.ts';

const ELEMENTS: Element[] = [
  { tag: '00080018', vr: 'UI', value: '1.2.3' },
  { tag: '00280010', vr: 'US', value: 513 },
];

function attribute(tag: string): Attribute {
  return { name: 'Test', tag: `x${tag}` };
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

/** A data set with raw bytes behind the file meta information. */
function rawDataSet(hex: string, transferSyntaxUid = EXPLICIT_LITTLE_ENDIAN): Uint8Array {
  return Buffer.concat([writeDicom([], { transferSyntaxUid }), Buffer.from(hex.replaceAll(' ', ''), 'hex')]);
}

const OPEN_SEQUENCE = '08004011 5351 0000 ffffffff';
const OPEN_ITEM = 'feff00e0 ffffffff';
const ITEM_END = 'feff0de0 00000000';
const SEQUENCE_END = 'feffdde0 00000000';

describe('damaged and hostile data sets', () => {
  const anything = attribute('00100010');
  const inner = attribute('00081140');
  const find = (bytes: Uint8Array) => codeOf(() => readString(openDicom(bytes).dataSet, anything));

  it('reads what stands behind a sequence of undefined length, private elements and fragments in it included', () => {
    const icon = `${OPEN_ITEM} e07f1000 4f42 0000 ffffffff feff00e0 02000000 ffd8 ${SEQUENCE_END} ${ITEM_END}`;
    const unknown = `${OPEN_ITEM} 09000110 554e 0000 ffffffff ${OPEN_ITEM} 09000210 02000000 4142 ${ITEM_END} ${SEQUENCE_END} ${ITEM_END}`;
    const bytes = rawDataSet(`${OPEN_SEQUENCE} ${icon} ${unknown} ${SEQUENCE_END} 10001000 504e 0200 4142`);
    const { dataSet } = openDicom(bytes);
    expect(readString(dataSet, anything)).toBe('AB');
    const [, second] = readItems(dataSet, inner);
    if (second === undefined) throw new Error('the second item is missing');
    const [item] = readItems(second, attribute('00091001'));
    expect(item && readString(item, attribute('00091002'))).toBe('AB');
  });

  it.each([
    { name: 'a length beyond the file', hex: '08000500 4353 ff00 4142' },
    { name: 'a long header that is cut off', hex: '08000500 4f42 0000' },
    { name: 'a sequence without end', hex: OPEN_SEQUENCE },
    { name: 'an item without end', hex: `${OPEN_SEQUENCE} ${OPEN_ITEM}` },
    { name: 'something else than an item', hex: `${OPEN_SEQUENCE} 08000500 00000000` },
    { name: 'an item longer than the file', hex: `${OPEN_SEQUENCE} feff00e0 ffffff7f` },
    {
      name: 'sequences nested beyond reason',
      hex: `${OPEN_SEQUENCE} ${OPEN_ITEM}`.repeat(70) + `${ITEM_END} ${SEQUENCE_END}`.repeat(70),
    },
    { name: 'sequences nested without end', hex: `${OPEN_SEQUENCE} ${OPEN_ITEM}`.repeat(20_000) },
  ])('refuses $name', ({ hex }) => {
    expect(find(rawDataSet(hex))).toBe('TruncatedDicom');
  });

  it.each([
    { name: 'a sequence of something else', hex: '08004011 5351 0000 08000000 08000500 00000000' },
    { name: 'an item longer than its sequence', hex: '08004011 5351 0000 08000000 feff00e0 10000000' },
  ])('refuses $name when it is read', ({ hex }) => {
    expect(codeOf(() => readItems(openDicom(rawDataSet(hex)).dataSet, inner))).toBe('TruncatedDicom');
  });

  it('stops at the end of an item list that is cut by its sequence', () => {
    const hex = `08004011 5351 0000 0c000000 feff00e0 00000000 feff00e0`;
    expect(readItems(openDicom(rawDataSet(hex)).dataSet, inner)).toHaveLength(1);
  });

  it('refuses a flood of elements and of items in bounded memory', () => {
    const element = Buffer.alloc(8 * 70_000);
    for (let n = 0; n < 70_000; n++) {
      element.writeUInt16LE(9 + (n >> 15) * 2, 8 * n);
      element.writeUInt16LE(0x1000 + (n & 0x7fff), 8 * n + 2);
      element.write('CS', 8 * n + 4);
    }
    const flood = Buffer.concat([rawDataSet(''), element]);
    expect(find(flood)).toBe('TruncatedDicom');
    const items = Buffer.alloc(8 * 300_000, Buffer.from('feff00e000000000', 'hex'));
    const many = Buffer.concat([rawDataSet(OPEN_SEQUENCE), items, Buffer.from('feffdde000000000', 'hex')]);
    const started = process.cpuUsage();
    expect(codeOf(() => readItems(openDicom(many).dataSet, inner))).toBe('TruncatedDicom');
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
  });

  it('reads nothing of an element of undefined length as text or numbers', () => {
    const { dataSet } = openDicom(rawDataSet(`${OPEN_SEQUENCE} ${SEQUENCE_END}`));
    expect([readString(dataSet, inner), readNumbers(dataSet, inner), readBytes(dataSet, inner)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('cuts a text that is longer than any text', () => {
    const file = writeDicom([{ tag: '00081030', vr: 'UN', value: new Uint8Array(2 ** 21).fill(0x41) }]);
    expect(readString(openDicom(file).dataSet, attribute('00081030'))).toHaveLength(2 ** 20);
  });
});

/** File meta information of a deflated file without its first byte of data. */
const META_LENGTH = writeDicom([], { transferSyntaxUid: DEFLATED_LITTLE_ENDIAN }).length - 132 - 2;

describe('deflated data sets', () => {
  const deflated = (dataSet: Uint8Array) =>
    Buffer.concat([
      writeDicom([], { transferSyntaxUid: DEFLATED_LITTLE_ENDIAN }).subarray(0, -2),
      deflateRawSync(dataSet),
    ]);
  const dataSetOf = (elements: Element[]) => {
    const empty = writeDicom([]).length;
    return writeDicom(elements).subarray(empty);
  };
  const pixels = (length: number): Element => ({ tag: '7fe00010', vr: 'OW', value: new Uint8Array(length) });

  it('inflates to the end of the stated pixel data', () => {
    const { dataSet } = openDicom(deflated(dataSetOf([...ELEMENTS, pixels(5_000_000)])));
    expect(readBytes(dataSet, attribute('7fe00010'))).toHaveLength(5_000_000);
    expect(readString(dataSet, attribute('00080018'))).toBe('1.2.3');
  });

  it('refuses a stream that goes on after its stated end', () => {
    const bomb = deflated(Buffer.concat([dataSetOf([pixels(1000)]), Buffer.alloc(80_000_000)]));
    const started = process.cpuUsage();
    expect(codeOf(() => openDicom(bomb))).toBe('DecompressionBomb');
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
  });

  it('refuses a stream that states more than is ever inflated', () => {
    const head = Buffer.from(dataSetOf([pixels(0)]));
    head.writeUInt32LE(0x40000000, head.length - 4);
    expect(codeOf(() => openDicom(deflated(head)))).toBe('DecompressionBomb');
  });

  it('refuses a stream that is cut off or damaged', () => {
    const whole = deflated(
      dataSetOf([
        ...ELEMENTS,
        { tag: '7fe00010', vr: 'OW', value: Buffer.from(fc.sample(fc.nat(255), { numRuns: 5000, seed: 3 })) },
      ]),
    );
    expect(codeOf(() => openDicom(whole.subarray(0, whole.length - 100)))).toBe('TruncatedDicom');
    const damaged = Buffer.from(whole);
    // A block of the reserved type.
    damaged[whole.indexOf('DICM') + 4 + META_LENGTH] = 0x07;
    expect(codeOf(() => openDicom(damaged))).toBe('TruncatedDicom');
  });

  it('inflates a header that is longer than the first probe', () => {
    const noise = fc.sample(fc.nat(255), { numRuns: 30_000, seed: 5 });
    const long: Element = { tag: '00291020', vr: 'OB', value: Uint8Array.from(noise) };
    const { dataSet } = openDicom(deflated(dataSetOf([...ELEMENTS, long, pixels(1000)])));
    expect(readBytes(dataSet, attribute('7fe00010'))).toHaveLength(1000);
  });
});
