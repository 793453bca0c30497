/** Segmentation objects as files, valid or broken in one place. */
import {
  decimals,
  type Element,
  encapsulate,
  sequence,
  uid,
  type WriteOptions,
  writeDicom,
} from '../../../helpers/dicom-elements.ts';

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
export const LABEL_MAP_STORAGE = '1.2.840.10008.5.1.4.1.1.66.7';

export interface SegFrameSpec {
  /** One value per pixel, row by row. */
  readonly pixels: readonly number[];
  readonly segment?: number;
  readonly position?: readonly [number, number, number] | undefined;
  readonly orientation?: readonly number[];
  readonly spacing?: readonly [number, number];
  /** SOP Instance UID of the source image, and its frame. */
  readonly source?: string;
  readonly sourceFrame?: number;
}

export interface SegSpec {
  readonly columns: number;
  readonly rows: number;
  readonly frames: readonly SegFrameSpec[];
  readonly type?: string;
  /** 1, 8 or 16; what the type needs when absent. */
  readonly bits?: number;
  readonly segments?: readonly Element[][];
  readonly seriesUid?: string;
  /** Replaces or adds top-level elements; `undefined` removes one. */
  readonly changes?: Readonly<Record<string, Element | undefined>>;
  /** Takes the place of the packed pixels. */
  readonly fragments?: readonly Uint8Array[];
  readonly write?: WriteOptions;
  /** Elements of the shared functional groups besides orientation and spacing. */
  readonly shared?: readonly Element[];
}

export function segment(number: number, label: string, ...more: Element[]): Element[] {
  return [{ tag: '00620004', vr: 'US', value: number }, { tag: '00620005', vr: 'LO', value: label }, ...more];
}

export function segFile(spec: SegSpec): Uint8Array {
  const type = spec.type ?? 'BINARY';
  const bits = spec.bits ?? (type === 'BINARY' ? 1 : 8);
  const numbers = [...new Set(spec.frames.map((frame) => frame.segment ?? 1))];
  const segments = spec.segments ?? numbers.map((number) => segment(number, `Segment ${number}`));
  const labelMap = type === 'LABELMAP';
  const elements: Element[] = [
    uid('00080016', labelMap ? LABEL_MAP_STORAGE : SEGMENTATION_STORAGE),
    uid('00080018', '1.2.3.4'),
    { tag: '00080060', vr: 'CS', value: 'SEG' },
    sequence('00081115', [[uid('0020000e', spec.seriesUid ?? 'series')]]),
    uid('00200052', '1.2.3.5'),
    { tag: '00280002', vr: 'US', value: 1 },
    { tag: '00280004', vr: 'CS', value: 'MONOCHROME2' },
    { tag: '00280008', vr: 'IS', value: String(spec.frames.length) },
    { tag: '00280010', vr: 'US', value: spec.rows },
    { tag: '00280011', vr: 'US', value: spec.columns },
    { tag: '00280100', vr: 'US', value: bits },
    { tag: '00280101', vr: 'US', value: bits },
    { tag: '00280102', vr: 'US', value: bits - 1 },
    { tag: '00280103', vr: 'US', value: 0 },
    { tag: '00620001', vr: 'CS', value: type },
    sequence('00620002', segments),
    ...(type === 'FRACTIONAL' ? fractionalElements() : []),
    sequence('52009229', [sharedGroups(spec)]),
    sequence(
      '52009230',
      spec.frames.map((frame) => frameGroups(frame, labelMap)),
    ),
    pixelData(spec, bits),
  ];
  const changes = spec.changes ?? {};
  const kept = elements.filter(({ tag }) => !Object.hasOwn(changes, tag));
  const added = Object.values(changes).filter((element) => element !== undefined);
  return writeDicom([...kept, ...added], spec.write);
}

function fractionalElements(): Element[] {
  return [
    { tag: '0062000e', vr: 'US', value: 255 },
    { tag: '00620010', vr: 'CS', value: 'PROBABILITY' },
  ];
}

function sharedGroups({ frames, shared = [] }: SegSpec): Element[] {
  const [first] = frames;
  return [...shared, ...planeGroups(first?.orientation ?? [1, 0, 0, 0, 1, 0], first?.spacing ?? [1, 1])];
}

function planeGroups(orientation: readonly number[], spacing: readonly number[]): Element[] {
  return [
    sequence('00209116', [[decimals('00200037', orientation)]]),
    sequence('00289110', [[decimals('00180050', [1]), decimals('00280030', spacing)]]),
  ];
}

function frameGroups(frame: SegFrameSpec, labelMap: boolean): Element[] {
  const { position, source, sourceFrame, orientation, spacing } = frame;
  const image: Element[] = [
    ...(source === undefined ? [] : [uid('00081155', source)]),
    ...(sourceFrame === undefined
      ? []
      : [{ tag: '00081160', vr: 'IS', value: String(sourceFrame) } as const]),
  ];
  return [
    ...(source === undefined ? [] : [sequence('00089124', [[sequence('00082112', [image])]])]),
    ...(position === undefined ? [] : [sequence('00209113', [[decimals('00200032', position)]])]),
    ...(orientation === undefined ? [] : planeGroups(orientation, spacing ?? [1, 1])),
    ...(labelMap ? [] : [sequence('0062000a', [[{ tag: '0062000b', vr: 'US', value: frame.segment ?? 1 }]])]),
  ];
}

function pixelData({ frames, fragments }: SegSpec, bits: number): Element {
  if (fragments !== undefined) return { tag: '7fe00010', vr: 'OB', value: encapsulate(fragments) };
  const values = frames.flatMap(({ pixels }) => pixels);
  if (bits === 16) return { tag: '7fe00010', vr: 'OW', value: words(values) };
  return { tag: '7fe00010', vr: 'OW', value: bits === 1 ? packBits(values) : Uint8Array.from(values) };
}

function words(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value & 0xff, value >> 8]));
}

/** First pixel in the lowest bit; frames follow each other without a gap. */
export function packBits(values: readonly number[]): Uint8Array {
  const out = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, at) => {
    if (value !== 0) out[at >> 3] = (out[at >> 3] as number) | (1 << (at & 7));
  });
  return out;
}

/** One RLE frame of 8-bit samples: literal runs only, header included. */
export function rleFrame(bytes: Uint8Array): Uint8Array {
  const runs: number[] = [];
  for (let at = 0; at < bytes.length; at += 128) {
    const run = bytes.subarray(at, at + 128);
    runs.push(run.length - 1, ...run);
  }
  const header = new Uint8Array(64);
  header[0] = 1;
  header[4] = 64;
  return Uint8Array.from([...header, ...runs]);
}
