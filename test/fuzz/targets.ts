import { gzipSync } from 'node:zlib';
import { parseAim } from '../../src/imaging/contour/parse-aim.ts';
import { parseRtstruct } from '../../src/imaging/contour/parse-rtstruct.ts';
import { prepareCodecs } from '../../src/imaging/dicom/codecs/prepare-codecs.ts';
import { parseSlices } from '../../src/imaging/dicom/parse-slice.ts';
import { decodeFrame } from '../../src/imaging/dicom/stored-pixels.ts';
import { createGeometry } from '../../src/imaging/geometry/volume-geometry.ts';
import { contourRegions } from '../../src/imaging/mask/contour-regions.ts';
import { parseLabelMap } from '../../src/imaging/mask/label-map.ts';
import { decodeNifti } from '../../src/imaging/nifti/decode-nifti.ts';
import { encodeNifti } from '../../src/imaging/nifti/encode-nifti.ts';
import { gunzipBounded, isGzip } from '../../src/imaging/nifti/gzip.ts';
import { memoryRanges } from '../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../src/imaging/segmentation/parse-seg.ts';
import { rtStruct, TEST_SERIES_UID, type TestContour } from '../helpers/dicom-writer.ts';
import {
  contourTarget,
  drawContours,
  drawSegments,
  NAMED_IMAGE,
  segmentationTarget,
} from './draw-on-small-grid.ts';
import { imageSeeds, segmentationSeeds } from './image-seeds.ts';

/** One reader under test: it returns, or throws a PipelineError. */
interface FuzzTarget {
  readonly seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Words of the format that a random change would rarely hit. */
  readonly dictionary: readonly Uint8Array[];
  /** Gets the reader ready (codecs are loaded once). */
  readonly prepare: () => Promise<(input: Uint8Array) => void>;
}

const NIFTI_CAP_BYTES = 64 * 1024 * 1024;
const text = (words: readonly string[]) => words.map((word) => new TextEncoder().encode(word));
const bytes = (...values: number[]) => Uint8Array.from(values);

const DICOM_WORDS = [
  ...text([
    'DICM',
    'OB',
    'OW',
    'OF',
    'UN',
    'UT',
    'SQ',
    'US',
    'UL',
    'FD',
    'AT',
    'OV',
    'SV',
    'UV',
    'ZZ',
    'UI',
    'DS',
    'IS',
  ]),
  ...text(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.5']),
  ...text([
    '1.2.840.10008.1.2.4.50',
    '1.2.840.10008.1.2.4.70',
    '1.2.840.10008.1.2.4.80',
    '1.2.840.10008.1.2.4.90',
  ]),
  bytes(0xff, 0xff, 0xff, 0xff),
  bytes(0xfe, 0xff, 0x00, 0xe0),
  bytes(0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0),
  bytes(0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0),
  bytes(0xe0, 0x7f, 0x10, 0x00),
  bytes(0x28, 0x00, 0x10, 0x00),
  bytes(0x28, 0x00, 0x08, 0x00),
  bytes(0x00, 0x52, 0x30, 0x92),
  bytes(0xff, 0xd8, 0xff, 0xc0),
];

function contours(type: string): Uint8Array {
  const points = [0, 0, 0, 3.5, 0, 0, 3.5, 2.5, 0, 0, 2.5, 0];
  const contour = { points, type, sopInstanceUid: NAMED_IMAGE };
  return rtStruct({
    rois: [{ number: 1, name: 'Liver', colour: [255, 0, 0], contours: [contour, contour] }],
  });
}

/** A hole, an island, a crossing pair, an outline that crosses itself, one that leans, and planes across the slices. */
function arrangements(): Uint8Array {
  const square = (from: number, to: number, z = 0) => [from, from, z, to, from, z, to, to, z, from, to, z];
  const named = (points: readonly number[]): TestContour => ({ points, sopInstanceUid: NAMED_IMAGE });
  const across = (x: number): TestContour => ({ points: [x, -2, -1, x, 6, -1, x, 6, 3, x, -2, 3] });
  const drawings: readonly (readonly TestContour[])[] = [
    [named(square(-2, 6)), named(square(0, 4)), named(square(1, 3, 0.02))],
    [named(square(-2, 3)), named(square(1, 6))],
    [named([-1, -1, 0, 5, 5, 0, 5, -1, 0, -1, 5, 0])],
    [{ points: [-2, -2, -0.3, 6, -2, 0.3, 6, 6, 0.3, -2, 6, -0.3] }, { points: square(0, 3, 4) }],
    [across(1.5), across(2.5), across(4)],
  ];
  return rtStruct({
    rois: drawings.map((contours, index) => ({ number: index + 1, name: `R${index}`, contours })),
  });
}

function volume(values: Int16Array | Uint8Array | Float32Array): Uint8Array {
  const geometry = createGeometry({
    sizeIjk: [3, 2, 2],
    spacingMm: [1, 2, 3],
    originLps: [-10, 20, 30],
    directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  });
  return encodeNifti({ geometry, values: values as Int16Array });
}

const COMPRESSED = [
  ...['1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.81', '1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91'],
  ...['1.2.840.10008.1.2.4.201', '1.2.840.10008.1.2.4.202', '1.2.840.10008.1.2.4.203'],
];

const POINTS = [
  [1.5, 1.5],
  [6.5, 1.5],
  [4.5, 7.25],
  [1.5, 1.5],
].map(
  ([x, y], at) =>
    `<TwoDimensionSpatialCoordinate><coordinateIndex value="${at % 3}"/><x value="${x}"/><y value="${y}"/></TwoDimensionSpatialCoordinate>`,
);
const AIM = `<?xml version="1.0" encoding="UTF-8"?>
<ImageAnnotationCollection xmlns="gme://caCORE.caCORE/4.4/edu.northwestern.radiology.AIM" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" aimVersion="AIMv4_0">
<uniqueIdentifier root="1.2.3"/><description value="contours"/><imageAnnotations><ImageAnnotation>
<uniqueIdentifier root="1.2.4"/><name value="Liver &amp; spleen"/><comment value="c"/><markupEntityCollection>
<MarkupEntity xsi:type="TwoDimensionPolyline"><uniqueIdentifier root="1.2.5"/><includeFlag value="true"/>
<lineColour value="255,0,0"/><imageReferenceUid root="${NAMED_IMAGE}"/><referencedFrameNumber value="1"/>
<twoDimensionSpatialCoordinateCollection>${POINTS.join('')}</twoDimensionSpatialCoordinateCollection></MarkupEntity>
</markupEntityCollection><imageReferenceEntityCollection><ImageReferenceEntity xsi:type="DicomImageReferenceEntity">
<imageStudy><instanceUid root="1.2.7"/><imageSeries><instanceUid root="1.2.8"/><imageCollection><Image><sopInstanceUid root="${NAMED_IMAGE}"/></Image>
</imageCollection></imageSeries></imageStudy></ImageReferenceEntity></imageReferenceEntityCollection></ImageAnnotation></imageAnnotations>
</ImageAnnotationCollection>`;
const AIM_WORDS = [
  ...[
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    '&b;',
    '&#x0;',
    '&#x10FFFF;',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?',
    '?>',
    '"',
    "'",
  ],
  ...[
    '<MarkupEntity>',
    '</MarkupEntity>',
    '<ImageAnnotation>',
    '</ImageAnnotation>',
    ' xmlns:x=""',
    '</',
    '/>',
    'TwoDimensionCircle',
  ],
  ...['includeFlag', 'value="-1"', '\uFEFF', 'encoding="UTF-16"', 'NaN', 'Infinity'],
];

const LABEL_MAPS = [
  'Liver=1\nSpleen = 2\n# comment\nKidney=left=3\n',
  '\uFEFFLiver=10\r\nLeber=10\r\n',
  '{"schemaVersion":1,"regions":[{"name":"Liver","value":1,"synonyms":["Leber"]}],"ignore":["Body"]}',
];

export const TARGETS = {
  dicom: {
    seeds: imageSeeds,
    dictionary: DICOM_WORDS,
    prepare: async () => {
      await prepareCodecs(COMPRESSED);
      return (input) => {
        for (const { encoded } of parseSlices(input)) decodeFrame(encoded);
      };
    },
  },
  rtstruct: {
    seeds: () => [contours('CLOSED_PLANAR'), contours('POINT'), arrangements()],
    dictionary: [
      ...DICOM_WORDS,
      ...text(['CLOSED_PLANAR', 'CLOSEDPLANAR_XOR', '\\', '1e9', 'ISO_IR 192', 'ISO 2022 IR 87']),
    ],
    prepare: async () => {
      const target = contourTarget(TEST_SERIES_UID);
      return (input) => drawContours(contourRegions(parseRtstruct(input)), target);
    },
  },
  seg: {
    seeds: segmentationSeeds,
    dictionary: [...DICOM_WORDS, ...text(['BINARY', 'FRACTIONAL', 'LABELMAP', 'PALETTE COLOR'])],
    prepare: async () => {
      await prepareCodecs(COMPRESSED);
      const target = segmentationTarget();
      return (input) => drawSegments(parseSeg(memoryRanges(input)), target);
    },
  },
  aim: {
    seeds: () => text([AIM]),
    dictionary: text(AIM_WORDS),
    prepare: async () => {
      const target = contourTarget('1.2.8');
      return (input) => drawContours(contourRegions(parseAim(input)), target);
    },
  },
  nifti: {
    seeds: () => {
      const plain = [
        volume(Int16Array.from({ length: 12 }, (_, at) => at)),
        volume(new Uint8Array(12)),
        volume(new Float32Array(12)),
      ];
      return [...plain, ...plain.map((file) => new Uint8Array(gzipSync(file)))];
    },
    dictionary: [
      ...text(['n+1', 'ni1', 'n+2']),
      bytes(0x1f, 0x8b, 0x08),
      bytes(0x5c, 0x01),
      bytes(0, 0, 0xc0, 0x7f),
      bytes(0x1c, 0x02),
    ],
    prepare: async () => (input) => {
      decodeNifti(isGzip(input) ? gunzipBounded(input, NIFTI_CAP_BYTES) : input);
    },
  },
  'label-map': {
    seeds: () => text(LABEL_MAPS),
    dictionary: text([
      '=',
      '\n',
      '#',
      '65536',
      '0',
      '{',
      '"regions":',
      '"__proto__":',
      '[[[[',
      '\u0000',
      '\u0130',
      'é',
      '\uFEFF',
    ]),
    prepare: async () => (input) => {
      parseLabelMap(input);
    },
  },
} as const satisfies Record<string, FuzzTarget>;

export type TargetName = keyof typeof TARGETS;
