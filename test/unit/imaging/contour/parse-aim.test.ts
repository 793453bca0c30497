import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { writeAim as writePhantomAim } from '../../../../local/phantoms/write-aim.ts';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import { parseAim } from '../../../../src/imaging/contour/parse-aim.ts';
import type { ImageContour } from '../../../../src/imaging/contour/structure-set.ts';

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const SQUARE = [
  [0.5, 0.5],
  [4.5, 0.5],
  [4.5, 3.5],
] as const;

interface Markup {
  readonly type?: string;
  readonly points?: string;
  readonly properties?: string;
}

function pointsXml(points: readonly (readonly [number, number])[]): string {
  return points
    .map(
      ([x, y], index) =>
        `<TwoDimensionSpatialCoordinate><coordinateIndex value="${index}"/><x value="${x}"/><y value="${y}"/></TwoDimensionSpatialCoordinate>`,
    )
    .join('');
}

const CLOSING = pointsXml([SQUARE[0]]);

function markup({ type = 'TwoDimensionPolyline', points, properties }: Markup = {}): string {
  const given =
    properties ??
    '<imageReferenceUid root="1.2.3.7"/><referencedFrameNumber value="1"/><includeFlag value="true"/>';
  const coordinates = points ?? pointsXml(SQUARE) + CLOSING;
  return `<MarkupEntity xsi:type="${type}">${given}<twoDimensionSpatialCoordinateCollection>${coordinates}</twoDimensionSpatialCoordinateCollection></MarkupEntity>`;
}

function annotation(properties: string, markups: string): string {
  return `<ImageAnnotation><uniqueIdentifier root="ab.cd.2"/>${properties}<markupEntityCollection>${markups}</markupEntityCollection>
    <imageReferenceEntityCollection><ImageReferenceEntity><imageStudy><instanceUid root="1.2.3"/>
    <imageSeries><instanceUid root="1.2.3.4"/></imageSeries></imageStudy></ImageReferenceEntity></imageReferenceEntityCollection></ImageAnnotation>`;
}

function collection(annotations: string, before = ''): Uint8Array {
  return new TextEncoder().encode(
    `${before}<ImageAnnotationCollection xmlns="gme://caCORE" ${XSI}><uniqueIdentifier root="ab.cd.1"/><imageAnnotations>${annotations}</imageAnnotations></ImageAnnotationCollection>`,
  );
}

function one(given: Markup): Uint8Array {
  return collection(annotation('<name value="Liver"/>', markup(given)));
}

function firstContour(bytes: Uint8Array): ImageContour {
  return parseAim(bytes).rois[0]?.contours[0] as ImageContour;
}

function failureOf(bytes: Uint8Array): PipelineError {
  try {
    parseAim(bytes);
  } catch (error) {
    if (error instanceof PipelineError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

describe('parseAim', () => {
  it('reads regions, references and pixel positions from the centre of the first pixel, without the repeated point', () => {
    const properties =
      '<imageReferenceUid root="1.2.3.7"/><referencedFrameNumber value="3"/><lineColour value="255,128,0"/>';
    const set = parseAim(collection(annotation('<name value="Liver"/>', markup({ properties }))));
    expect(set).toEqual({
      format: 'AIM',
      sopInstanceUid: 'ab.cd.1',
      studyUid: '1.2.3',
      referencedSeriesUids: ['1.2.3.4'],
      rois: [
        {
          number: 1,
          name: 'Liver',
          colour: [255, 128, 0],
          contours: [
            {
              geometricType: 'CLOSED_PLANAR',
              pointsPx: Float64Array.from([0, 0, 4, 0, 4, 3]),
              sopInstanceUid: '1.2.3.7',
              frame: 3,
            },
          ],
        },
      ],
    });
  });

  it('keeps the order of the file whatever coordinateIndex says', () => {
    const points = pointsXml(SQUARE).replaceAll(/coordinateIndex value="\d"/gu, 'coordinateIndex value="0"');
    expect(Array.from(firstContour(one({ points })).pointsPx)).toEqual([0, 0, 4, 0, 4, 3]);
  });

  it('names a region by name, comment or, without either, as the viewer shows it', () => {
    const bytes = collection(
      annotation('<name value=" A&amp;B "/><comment value="c"/>', markup()) +
        annotation('<name value=""/><comment value="Comment"/>', markup()) +
        annotation('<name/><comment/>', markup()),
    );
    expect(parseAim(bytes).rois.map(({ number, name }) => [number, name])).toEqual([
      [1, 'A&B'],
      [2, 'Comment'],
      [3, 'Untitled ROI'],
    ]);
  });

  it.each([
    { name: 'a circle', given: { type: 'TwoDimensionCircle' }, type: 'TwoDimensionCircle' },
    {
      name: 'an ellipse with a prefix',
      given: { type: 'aim:TwoDimensionEllipse' },
      type: 'TwoDimensionEllipse',
    },
    {
      name: 'a point without an image',
      given: { type: 'TwoDimensionPoint', properties: '' },
      type: 'TwoDimensionPoint',
    },
    { name: 'a markup without type', given: { type: '' }, type: 'untyped markup' },
    {
      name: 'an excluded polyline',
      given: { properties: '<imageReferenceUid root="1"/><includeFlag value="false"/>' },
      type: 'TwoDimensionPolyline with includeFlag false',
    },
  ])('keeps $name to be reported, not to be filled', ({ given, type }) => {
    expect(firstContour(one(given)).geometricType).toBe(type);
  });

  it.each([
    ['#00ff7f', [0, 255, 127]],
    ['rgb(1, 2, 3)', [1, 2, 3]],
    ['', undefined],
    ['300,0,0', undefined],
    ['red', undefined],
  ])('takes "%s" for the colour %j', (text, colour) => {
    const properties = `<imageReferenceUid root="1"/><lineColour value="${text}"/>`;
    expect(parseAim(one({ properties })).rois[0]?.colour).toEqual(colour);
  });

  it.each([
    { encoding: 'utf-16le', mark: [0xff, 0xfe] },
    { encoding: 'utf-16be', mark: [0xfe, 0xff] },
  ])('reads $encoding by its byte order mark', ({ encoding, mark }) => {
    const text = new TextDecoder().decode(one({})).replace('Liver', 'Lebér');
    const low = encoding === 'utf-16le';
    const units = [...text].flatMap((character) => {
      const code = character.charCodeAt(0);
      return low ? [code & 255, code >> 8] : [code >> 8, code & 255];
    });
    expect(parseAim(Uint8Array.from([...mark, ...units])).rois[0]?.name).toBe('Lebér');
  });

  it('reads the encoding that the declaration names', () => {
    const text = `<?xml version="1.0" encoding="ISO-8859-1"?>${new TextDecoder().decode(one({})).replace('Liver', 'Leb\u00e9r')}`;
    const bytes = Uint8Array.from([...text], (character) => character.charCodeAt(0));
    expect(parseAim(bytes).rois[0]?.name).toBe('Lebér');
  });

  it("survives a round trip through a writer of the viewer's form", () => {
    const coordinate = fc
      .double({ min: 0, max: 512, noNaN: true })
      .map((value) => Math.round(value * 1e5) / 1e5);
    const points = fc.array(fc.tuple(coordinate, coordinate), {
      minLength: 3,
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        points,
        fc
          .string({ minLength: 1 })
          .filter((text) => text.trim() !== '' && !/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(text)),
        (ring, name) => {
          const distinct = ring.filter(
            ([x, y], index) => index === 0 || x !== ring[0]?.[0] || y !== ring[0]?.[1],
          );
          const xml = writePhantomAim(
            {
              ...{ uid: '1.2', label: 'x', patientName: 'p', patientId: 'p' },
              series: { seriesUid: '1.3', studyUid: '1.4', sopClassUid: '1.5' },
              regions: [{ name, colour: [1, 2, 3], contours: [{ sopInstanceUid: '1.6', points: distinct }] }],
            } as unknown as Parameters<typeof writePhantomAim>[0],
            (_, [x, y]) => [x + 0.5, y + 0.5],
          );
          const [roi] = parseAim(new TextEncoder().encode(xml)).rois;
          expect(roi?.name).toBe(name.trim());
          const [contour] = (roi?.contours ?? []) as ImageContour[];
          const expected = distinct.flat();
          expect(contour?.pointsPx).toHaveLength(expected.length);
          contour?.pointsPx.forEach((value, at) => {
            expect(Math.abs(value - (expected[at] ?? 0))).toBeLessThan(1e-4);
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('parseAim and bad input', () => {
  const bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>';
  const external = '<!DOCTYPE a SYSTEM "file:///etc/passwd">';
  const notUtf8 = Uint8Array.from(one({}), (byte) => (byte === 0x4c ? 0xff : byte));

  it.each([
    { name: 'an entity bomb', bytes: collection('', bomb), says: 'document type' },
    { name: 'an external document type', bytes: collection('', external), says: 'document type' },
    { name: 'an unknown entity', bytes: collection(annotation('<name value="&lol;"/>', '')), says: 'line 1' },
    { name: 'an unclosed element', bytes: one({}).subarray(0, -20), says: 'line' },
    { name: 'no element', bytes: new TextEncoder().encode('   '), says: 'line' },
    { name: 'bytes that are no text', bytes: notUtf8, says: 'its text is not utf-8' },
    {
      name: 'an unknown encoding',
      bytes: collection('', '<?xml version="1.0" encoding="EBCDIC-X"?>'),
      says: 'EBCDIC-X',
    },
    { name: 'nesting without end', bytes: collection('<a>'.repeat(5000)), says: 'nest deeper than 64' },
    {
      name: 'an element of a long name',
      bytes: collection(`<${'a'.repeat(300)}/>`),
      says: 'longer than 256',
    },
    {
      name: 'a long attribute',
      bytes: collection(`<a b="${'c'.repeat(70_000)}"/>`),
      says: 'longer than 65536',
    },
    {
      name: 'too many attributes',
      bytes: collection(`<a ${Array.from({ length: 65 }, (_, n) => `a${n}=""`).join(' ')}/>`),
      says: 'more than 64 attributes',
    },
    {
      name: 'too many annotations',
      bytes: collection('<ImageAnnotation/>'.repeat(10_001)),
      says: '10000 annotations',
    },
    { name: 'a markup outside', bytes: collection(markup()), says: 'outside any annotation' },
    { name: 'an outline without image', bytes: one({ properties: '' }), says: 'does not name its image' },
    { name: 'a point without y', bytes: one({ points: '<x value="1"/>' }), says: 'lacks its x or its y' },
    { name: 'a word for a number', bytes: one({ points: '<x value="one"/>' }), says: '"one" is not a pixel' },
    { name: 'no number', bytes: one({ points: '<x value=""/>' }), says: 'is not a pixel' },
    { name: 'a far pixel', bytes: one({ points: '<x value="1e9"/>' }), says: 'is not a pixel' },
    {
      name: 'half a frame',
      bytes: one({ properties: '<imageReferenceUid root="1"/><referencedFrameNumber value="1.5"/>' }),
      says: 'not a frame number',
    },
  ])('rejects $name', ({ bytes, says }) => {
    const failure = failureOf(bytes);
    expect(failure.code).toBe('MalformedAim');
    expect(failure.message).toContain(says);
  });

  it('names the line', () => {
    expect(failureOf(one({ points: '\n\n<x value="one"/>' })).details).toEqual({ line: 3 });
  });

  it('rejects other documents and collections without a contour', () => {
    expect(failureOf(new TextEncoder().encode('<html/>')).code).toBe('UnsupportedRoiType');
    expect(failureOf(collection(annotation('<name value="A"/>', ''))).code).toBe('EmptyRtstruct');
    expect(failureOf(collection('')).code).toBe('EmptyRtstruct');
  });

  it('survives damaged bytes anywhere', () => {
    const file = one({});
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = Uint8Array.from(file);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          parseAim(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(PipelineError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
