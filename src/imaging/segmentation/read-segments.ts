import { decodeText } from '../dicom/character-set.ts';
import {
  type Attribute,
  type DataSet,
  readBytes,
  readItems,
  readString,
  readStrings,
  readUint16,
} from '../dicom/data-set.ts';
import { malformedSeg } from './malformed-seg.ts';
import type { Segment, SegmentationType } from './seg-object.ts';
import { displayColour, type Palette, readPalette } from './segment-colour.ts';

const A = {
  segments: { name: 'SegmentSequence', tag: 'x00620002' },
  number: { name: 'SegmentNumber', tag: 'x00620004' },
  label: { name: 'SegmentLabel', tag: 'x00620005' },
  description: { name: 'SegmentDescription', tag: 'x00620006' },
  algorithmType: { name: 'SegmentAlgorithmType', tag: 'x00620008' },
  algorithmName: { name: 'SegmentAlgorithmName', tag: 'x00620009' },
  propertyType: { name: 'SegmentedPropertyTypeCodeSequence', tag: 'x0062000f' },
  codeValue: { name: 'CodeValue', tag: 'x00080100' },
  codingScheme: { name: 'CodingSchemeDesignator', tag: 'x00080102' },
  codeMeaning: { name: 'CodeMeaning', tag: 'x00080104' },
  characterSet: { name: 'SpecificCharacterSet', tag: 'x00080005' },
  photometric: { name: 'PhotometricInterpretation', tag: 'x00280004' },
} as const satisfies Record<string, Attribute>;

/** PixelPaddingValue: background of a label map. */
export const PADDING_VALUE: Attribute = { name: 'PixelPaddingValue', tag: 'x00280120' };
/** (125040, DCM, "Background"). */
const BACKGROUND_CODE = '125040';

/**
 * Reads SegmentSequence (0062,0002) in its order; a label map's background is marked.
 *
 * @throws MalformedSeg when there is none, a number is missing, 0 where that is not allowed, or given twice
 */
export function readSegments(dataSet: DataSet, type: SegmentationType): readonly Segment[] {
  const padding = readUint16(dataSet, PADDING_VALUE);
  const coloured = readString(dataSet, A.photometric) === 'PALETTE COLOR';
  const palette = coloured ? readPalette(dataSet) : () => undefined;
  const characterSets = readStrings(dataSet, A.characterSet);
  const segments = readItems(dataSet, A.segments).map((item) =>
    readSegment(item, { type, padding, palette, characterSets }),
  );
  if (segments.length === 0) throw malformedSeg('SegmentSequence (0062,0002) names no segment');
  const numbers = new Set<number>();
  for (const { number } of segments) {
    if (numbers.has(number)) {
      throw malformedSeg(`SegmentNumber ${number} is given to two segments`, { segment: number });
    }
    numbers.add(number);
  }
  return segments;
}

interface SegmentContext {
  readonly type: SegmentationType;
  readonly padding: number | undefined;
  readonly palette: Palette;
  readonly characterSets: readonly string[];
}

function readSegment(item: DataSet, { type, padding, palette, characterSets }: SegmentContext): Segment {
  const number = readUint16(item, A.number);
  if (number === undefined || (number === 0 && type !== 'LABELMAP')) {
    throw malformedSeg(`a segment has the SegmentNumber ${number ?? 'nothing'}; numbers begin at 1`);
  }
  const text = (dataSet: DataSet | undefined, attribute: Attribute) => {
    const bytes = dataSet && readBytes(dataSet, attribute);
    const decoded = bytes === undefined ? '' : decodeText(bytes, characterSets);
    return decoded === '' ? undefined : decoded;
  };
  const [property] = readItems(item, A.propertyType);
  const label = text(item, A.label) ?? text(item, A.description) ?? text(property, A.codeMeaning);
  const colour = displayColour(item) ?? palette(number);
  const algorithm = [readString(item, A.algorithmType), text(item, A.algorithmName)]
    .filter((part) => part !== undefined)
    .join(' ');
  return {
    number,
    label: label ?? `Segment ${number}`,
    ...(colour === undefined ? {} : { colour }),
    ...(algorithm === '' ? {} : { algorithm }),
    background: type === 'LABELMAP' && (number === (padding ?? 0) || isBackground(property)),
  };
}

function isBackground(property: DataSet | undefined): boolean {
  if (property === undefined) return false;
  return (
    readString(property, A.codeValue) === BACKGROUND_CODE && readString(property, A.codingScheme) === 'DCM'
  );
}
