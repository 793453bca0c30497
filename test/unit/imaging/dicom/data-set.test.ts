import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import {
  type Attribute,
  hasAttribute,
  openDicom,
  readBytes,
  readDoubles,
  readInt16,
  readItems,
  readNumbers,
  readString,
  readStrings,
  readUint16,
  readUint32s,
  requireNumbers,
  requireString,
  requireUint16,
} from '../../../../src/imaging/dicom/data-set.ts';
import {
  DEFLATED_LITTLE_ENDIAN,
  type Element,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  sequence,
  writeDicom,
} from '../../../helpers/dicom-elements.ts';

const SYNTAXES = [
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  EXPLICIT_BIG_ENDIAN,
  DEFLATED_LITTLE_ENDIAN,
];

function attribute(tag: string): Attribute {
  return { name: 'Test', tag: `x${tag}` };
}

const ELEMENTS: Element[] = [
  { tag: '00080005', vr: 'CS', value: 'ISO_IR 100' },
  { tag: '00080008', vr: 'CS', value: ['ORIGINAL', ' PRIMARY ', 'AXIAL'] },
  { tag: '00080018', vr: 'UI', value: '1.2.3' },
  { tag: '00089007', vr: 'CS', value: '' },
  { tag: '00180050', vr: 'DS', value: ' 2.50' },
  { tag: '00189087', vr: 'FD', value: [0.1, -1e-300] },
  { tag: '00189088', vr: 'FL', value: [0.5] },
  { tag: '00209157', vr: 'UL', value: [1, 70_000] },
  { tag: '00280010', vr: 'US', value: 513 },
  { tag: '00280120', vr: 'SS', value: -2 },
  sequence('00400275', [
    [
      { tag: '00080100', vr: 'SH', value: 'A' },
      sequence('00081140', [[{ tag: '00080100', vr: 'SH', value: 'deep' }]]),
    ],
    [{ tag: '00080100', vr: 'SH', value: 'B' }],
  ]),
  sequence('00400276', []),
  { tag: '00420011', vr: 'OB', value: Uint8Array.of(1, 2, 3, 4) },
];

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

describe.each(SYNTAXES)('openDicom in %s', (transferSyntaxUid) => {
  it.each([false, true])('reads every kind of value (undefined lengths: %s)', (undefinedLengths) => {
    const { dataSet } = openDicom(writeDicom(ELEMENTS, { transferSyntaxUid, undefinedLengths }));
    const [first, second] = readItems(dataSet, attribute('00400275'));
    if (first === undefined || second === undefined) throw new Error('items are missing');
    expect({
      types: readStrings(dataSet, attribute('00080008')),
      uid: requireString(dataSet, attribute('00080018')),
      empty: readString(dataSet, attribute('00089007')),
      thickness: readNumbers(dataSet, attribute('00180050')),
      doubles: readDoubles(dataSet, attribute('00189087')),
      indices: readUint32s(dataSet, attribute('00209157')),
      rows: requireUint16(dataSet, attribute('00280010')),
      padding: readInt16(dataSet, attribute('00280120')),
      unsignedPadding: readUint16(dataSet, attribute('00280120')),
      codes: [readString(first, attribute('00080100')), readString(second, attribute('00080100'))],
      deep: readItems(first, attribute('00081140')).map((item) => readString(item, attribute('00080100'))),
      none: readItems(dataSet, attribute('00400276')),
      absent: readItems(dataSet, attribute('00400277')),
      bytes: Array.from(readBytes(dataSet, attribute('00420011')) ?? []),
      has: [hasAttribute(dataSet, attribute('00420011')), hasAttribute(dataSet, attribute('00420012'))],
    }).toEqual({
      types: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      uid: '1.2.3',
      empty: undefined,
      thickness: [2.5],
      doubles: [0.1, -1e-300],
      indices: [1, 70_000],
      rows: 513,
      padding: -2,
      unsignedPadding: 65534,
      codes: ['A', 'B'],
      deep: ['deep'],
      none: [],
      absent: [],
      bytes: [1, 2, 3, 4],
      has: [true, false],
    });
  });
});

describe('values', () => {
  const { dataSet } = openDicom(writeDicom(ELEMENTS));

  it('reads floats and decimals where a double is asked for', () => {
    expect(readDoubles(dataSet, attribute('00189088'))).toEqual([0.5]);
    expect(readDoubles(dataSet, attribute('00180050'))).toEqual([2.5]);
    expect(readDoubles(dataSet, attribute('00420011'))).toBeUndefined();
  });

  it('has no double that is not finite', () => {
    const file = writeDicom([{ tag: '00189087', vr: 'FD', value: Number.POSITIVE_INFINITY }]);
    expect(readDoubles(openDicom(file).dataSet, attribute('00189087'))).toBeUndefined();
  });

  it('names what is missing', () => {
    const missing = attribute('00200032');
    expect(() => requireString(dataSet, missing)).toThrow('Test (0020,0032) is missing or empty');
    expect(() => requireNumbers(dataSet, missing, 3)).toThrow('does not hold 3 number(s)');
    expect(() => requireUint16(dataSet, missing)).toThrow('is missing or empty');
    expect(readBytes(dataSet, missing)).toBeUndefined();
  });

  it('ends a text at its first NUL', () => {
    const file = writeDicom([{ tag: '00081030', vr: 'LO', value: new TextEncoder().encode(' ab\0cd') }]);
    expect(readString(openDicom(file).dataSet, attribute('00081030'))).toBe('ab');
  });

  it('takes a 16-bit number under no wider VR', () => {
    const file = writeDicom([{ tag: '00280010', vr: 'UL', value: 0x10002 }]);
    expect(readUint16(openDicom(file).dataSet, attribute('00280010'))).toBeUndefined();
  });

  it('reads decimals as Number does', () => {
    const decimal = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((value) => value.toFixed(6)),
      fc.integer().map(String),
      fc.constantFrom('+1.5', '.5', '5.', '-0', '1E3', ' 7 ', '00012.50'),
    );
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 1, maxLength: 9 }), (texts) => {
        const file = writeDicom([{ tag: '30060050', vr: 'DS', value: texts }]);
        expect(readNumbers(openDicom(file).dataSet, attribute('30060050'))).toEqual(texts.map(Number));
      }),
    );
  });

  it.each(['1\\\\2', 'a', '1\\x', '1 2', '--1', '1e', '', '0x10', '.', 'Infinity', `1${'0'.repeat(80)}`])(
    'has no numbers in "%s"',
    (value) => {
      const file = writeDicom([{ tag: '30060050', vr: 'DS', value }]);
      expect(readNumbers(openDicom(file).dataSet, attribute('30060050'))).toBeUndefined();
    },
  );
});

describe('files that are not quite Part 10', () => {
  const rows: Element = { tag: '00080018', vr: 'UI', value: '1.2.3.4' };
  const bare = (transferSyntaxUid: string) => {
    const file = writeDicom([rows], { transferSyntaxUid });
    return file.subarray(file.length - 16);
  };

  it.each([EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN])(
    'reads a bare data set in %s',
    (transferSyntaxUid) => {
      const file = openDicom(bare(transferSyntaxUid));
      expect(file.transferSyntaxUid).toBe(transferSyntaxUid);
      expect(readString(file.dataSet, attribute('00080018'))).toBe('1.2.3.4');
    },
  );

  it('reads file meta information without a preamble', () => {
    const file = openDicom(writeDicom([rows], { transferSyntaxUid: EXPLICIT_BIG_ENDIAN }).subarray(132));
    expect(file.transferSyntaxUid).toBe(EXPLICIT_BIG_ENDIAN);
    expect(readString(file.dataSet, attribute('00080018'))).toBe('1.2.3.4');
  });

  it('reads explicit elements that are announced as implicit', () => {
    const explicit = writeDicom([rows]);
    const text = Buffer.from(explicit)
      .toString('latin1')
      .replace('1.2.840.10008.1.2.1\0', '1.2.840.10008.1.2\0\0\0');
    const file = openDicom(Buffer.from(text, 'latin1'));
    expect(file.transferSyntaxUid).toBe(IMPLICIT_LITTLE_ENDIAN);
    expect(readString(file.dataSet, attribute('00080018'))).toBe('1.2.3.4');
  });

  it('reads elements without VR inside an explicit data set', () => {
    const implicit = Buffer.from([0x08, 0, 0x18, 0, 8, 0, 0, 0, ...Buffer.from('1.2.3.4\0')]);
    const file = openDicom(
      Buffer.concat([writeDicom([{ tag: '00080005', vr: 'CS', value: 'X' }]), implicit]),
    );
    expect(readString(file.dataSet, attribute('00080018'))).toBe('1.2.3.4');
  });

  it('ignores padding behind the last element', () => {
    const file = openDicom(Buffer.concat([writeDicom([rows]), Buffer.alloc(100)]));
    expect(hasAttribute(file.dataSet, attribute('7fe00010'))).toBe(false);
    const short = openDicom(Buffer.concat([writeDicom([rows]), Buffer.from([8, 0, 5])]));
    expect(hasAttribute(short.dataSet, attribute('00080018'))).toBe(true);
  });

  it.each([
    {
      name: 'a meta group without transfer syntax',
      bytes: writeDicom([rows]).slice(0, 144),
      code: 'MissingAttribute',
    },
    {
      name: 'an element of another group first',
      bytes: Buffer.from('10001000'.repeat(4), 'hex'),
      code: 'NotDicom',
    },
    {
      name: 'an implicit element longer than the file',
      bytes: Buffer.from('08000500ffff0000aaaaaaaaaaaaaaaa', 'hex'),
      code: 'NotDicom',
    },
    { name: 'a few bytes', bytes: Buffer.from('0800', 'hex'), code: 'NotDicom' },
  ])('refuses $name', ({ bytes, code }) => {
    expect(codeOf(() => openDicom(bytes))).toBe(code);
  });

  it('accepts unknown VRs in the meta group without believing them', () => {
    const file = Buffer.from(writeDicom([rows], { meta: [{ tag: '00020012', vr: 'UI', value: '1.9' }] }));
    file.write('ZZ', file.indexOf('1.9') - 4);
    expect(readString(openDicom(file).dataSet, attribute('00080018'))).toBe('1.2.3.4');
    const wide = Buffer.from(file);
    wide.set([0x55, 0x4e, 0, 0], wide.indexOf('ZZ'));
    expect(codeOf(() => openDicom(wide))).toMatch(/TruncatedDicom|MissingAttribute/);
  });
});
