import {
  type Attribute,
  type DataSet,
  hasAttribute,
  readItems,
  readNumbers,
  readString,
  readUint16,
  readUint32s,
} from '../dicom/data-set.ts';
import { isOrientation, planeAxes } from '../geometry/right-angles.ts';
import type { Vec3 } from '../geometry/vector.ts';
import { malformedSeg } from './malformed-seg.ts';
import type {
  FramePlane,
  SegFrame,
  Segment,
  SegmentationType,
  SegObject,
  SourceImage,
} from './seg-object.ts';

const A = {
  sharedGroups: { name: 'SharedFunctionalGroupsSequence', tag: 'x52009229' },
  perFrameGroups: { name: 'PerFrameFunctionalGroupsSequence', tag: 'x52009230' },
  planePosition: { name: 'PlanePositionSequence', tag: 'x00209113' },
  position: { name: 'ImagePositionPatient', tag: 'x00200032' },
  planeOrientation: { name: 'PlaneOrientationSequence', tag: 'x00209116' },
  orientation: { name: 'ImageOrientationPatient', tag: 'x00200037' },
  pixelMeasures: { name: 'PixelMeasuresSequence', tag: 'x00289110' },
  pixelSpacing: { name: 'PixelSpacing', tag: 'x00280030' },
  sliceSpacing: { name: 'SpacingBetweenSlices', tag: 'x00180088' },
  sliceThickness: { name: 'SliceThickness', tag: 'x00180050' },
  segmentIdentification: { name: 'SegmentIdentificationSequence', tag: 'x0062000a' },
  referencedSegment: { name: 'ReferencedSegmentNumber', tag: 'x0062000b' },
  derivationImages: { name: 'DerivationImageSequence', tag: 'x00089124' },
  sourceImages: { name: 'SourceImageSequence', tag: 'x00082112' },
  referencedSop: { name: 'ReferencedSOPInstanceUID', tag: 'x00081155' },
  referencedFrame: { name: 'ReferencedFrameNumber', tag: 'x00081160' },
  slidePosition: { name: 'PlanePositionSlideSequence', tag: 'x0048021a' },
  tileColumn: { name: 'ColumnPositionInTotalImagePixelMatrix', tag: 'x0048021e' },
  tileRow: { name: 'RowPositionInTotalImagePixelMatrix', tag: 'x0048021f' },
  organisationType: { name: 'DimensionOrganizationType', tag: 'x00209311' },
  matrixColumns: { name: 'TotalPixelMatrixColumns', tag: 'x00480006' },
  matrixRows: { name: 'TotalPixelMatrixRows', tag: 'x00480007' },
} as const satisfies Record<string, Attribute>;

export interface FrameContext {
  readonly type: SegmentationType;
  readonly segments: readonly Segment[];
  /** NumberOfFrames (0028,0008); absent when the file does not say. */
  readonly declaredFrames: number | undefined;
  /** Which file of a concatenation is read, counted from 0. */
  readonly part: number;
  readonly rows: number;
  readonly columns: number;
}

export interface DescribedFrames {
  readonly frames: SegFrame[];
  /** NumberOfFrames (0028,0008) is absent, so there is one frame, yet more are described. */
  readonly surplusDescriptions: boolean;
}

/**
 * What the functional groups say about each frame, in the order of the pixel data. Per-frame groups win over shared ones.
 *
 * @throws MalformedSeg when frames and descriptions differ in number, or a frame names a segment that does not exist
 */
export function readFrames(dataSet: DataSet, context: FrameContext): DescribedFrames {
  const [shared] = readItems(dataSet, A.sharedGroups);
  const groups = new GroupReader(shared, context.part);
  if (readString(dataSet, A.organisationType) === 'TILED_FULL') {
    const frames = tileFrames(dataSet, context, groups.frame(shared, 0));
    return { frames, surplusDescriptions: false };
  }
  const frames: SegFrame[] = [];
  const count = context.declaredFrames ?? 1;
  let surplusDescriptions = false;
  for (const item of readItems(dataSet, A.perFrameGroups)) {
    // Without NumberOfFrames there is one frame, however many are described.
    surplusDescriptions = frames.length === count;
    if (surplusDescriptions && context.declaredFrames === undefined) break;
    if (surplusDescriptions) throw wrongCount(count, 'more');
    frames.push(groups.frame(item, frames.length));
  }
  if (frames.length === 0 && count === 1) frames.push(groups.frame(shared, 0));
  if (frames.length !== count) throw wrongCount(count, String(frames.length));
  return { frames: withSegments(frames, context), surplusDescriptions };
}

function withSegments(frames: SegFrame[], { type, segments }: FrameContext): SegFrame[] {
  if (type === 'LABELMAP') return frames.map(({ segment: _, ...frame }) => frame);
  const known = new Set(segments.map(({ number }) => number));
  const [only] = segments;
  return frames.map((frame) => {
    const segment = frame.segment ?? (segments.length === 1 ? only?.number : undefined);
    if (segment !== undefined && known.has(segment)) return { ...frame, segment };
    throw malformedSeg(
      `frame ${frame.index + 1} belongs to segment ${segment ?? 'nothing'}, which SegmentSequence (0062,0002) does not name`,
      { frame: frame.index + 1 },
    );
  });
}

/** TILED_FULL has no per-frame groups: tiles row by row, segment after segment (PS3.3 C.7.6.17.3). */
function tileFrames(
  dataSet: DataSet,
  { type, segments, declaredFrames = 1, rows, columns }: FrameContext,
  shared: SegFrame,
): SegFrame[] {
  const matrix = readTotalMatrix(dataSet);
  const across = Math.ceil((matrix?.columns ?? 0) / columns);
  const down = Math.ceil((matrix?.rows ?? 0) / rows);
  const layers = type === 'LABELMAP' ? [undefined] : segments.map(({ number }) => number);
  if (across * down * layers.length !== declaredFrames) {
    throw wrongCount(declaredFrames, `tiles for ${across * down * layers.length}`);
  }
  return Array.from({ length: declaredFrames }, (_, index) => {
    const segment = layers[Math.floor(index / (across * down))];
    const tile = index % (across * down);
    return {
      ...shared,
      index,
      ...(segment === undefined ? {} : { segment }),
      tile: { column: (tile % across) * columns, row: Math.floor(tile / across) * rows },
    };
  });
}

/** Size of a slide in pixels; absent for other images. */
export function readTotalMatrix(dataSet: DataSet): SegObject['totalMatrix'] {
  const [columns] = readUint32s(dataSet, A.matrixColumns) ?? [];
  const [rows] = readUint32s(dataSet, A.matrixRows) ?? [];
  return columns === undefined || rows === undefined ? undefined : { columns, rows };
}

/** Reads functional groups; what most frames have in common is parsed once. */
class GroupReader {
  readonly #shared: DataSet | undefined;
  readonly #part: number;
  readonly #planes = new Map<string, FramePlane | undefined>();

  constructor(shared: DataSet | undefined, part: number) {
    this.#shared = shared;
    this.#part = part;
  }

  frame(groups: DataSet | undefined, index: number): SegFrame {
    const segmentItem = this.#group(groups, A.segmentIdentification);
    const segment = segmentItem && readUint16(segmentItem, A.referencedSegment);
    const position = this.#group(groups, A.planePosition);
    const positionLps = position && readNumbers(position, A.position);
    const plane = this.#plane(groups);
    const tile = this.#tile(groups);
    return {
      part: this.#part,
      index,
      ...(segment === undefined ? {} : { segment }),
      ...(positionLps?.length === 3 ? { positionLps: positionLps as unknown as Vec3 } : {}),
      ...(plane === undefined ? {} : { plane }),
      sources: this.#sources(groups),
      ...(tile === undefined ? {} : { tile }),
    };
  }

  /** The group's item: the frame's own, or the one that all frames share. */
  #group(groups: DataSet | undefined, attribute: Attribute): DataSet | undefined {
    const [own] = groups === undefined ? [] : readItems(groups, attribute);
    return own ?? (this.#shared && readItems(this.#shared, attribute)[0]);
  }

  #plane(groups: DataSet | undefined): FramePlane | undefined {
    const orientation = this.#group(groups, A.planeOrientation);
    const measures = this.#group(groups, A.pixelMeasures);
    if (orientation === undefined || measures === undefined) return undefined;
    const cosines = readString(orientation, A.orientation) ?? '';
    const spacing = readString(measures, A.pixelSpacing) ?? '';
    const gap = readString(measures, A.sliceSpacing) ?? readString(measures, A.sliceThickness) ?? '';
    const key = `${cosines} ${spacing} ${gap}`;
    if (!this.#planes.has(key)) this.#planes.set(key, parsePlane(orientation, measures));
    return this.#planes.get(key);
  }

  #sources(groups: DataSet | undefined): readonly SourceImage[] {
    const own = groups !== undefined && hasAttribute(groups, A.derivationImages);
    const holder = own ? groups : this.#shared;
    if (holder === undefined) return [];
    return readItems(holder, A.derivationImages)
      .flatMap((derivation) => readItems(derivation, A.sourceImages))
      .flatMap(readSource);
  }

  #tile(groups: DataSet | undefined) {
    const slide = this.#group(groups, A.slidePosition);
    const [column] = (slide && readUint32s(slide, A.tileColumn)) ?? [];
    const [row] = (slide && readUint32s(slide, A.tileRow)) ?? [];
    return column === undefined || row === undefined ? undefined : { column: column - 1, row: row - 1 };
  }
}

function readSource(image: DataSet): SourceImage[] {
  const sopInstanceUid = readString(image, A.referencedSop);
  if (sopInstanceUid === undefined) return [];
  const frames = readNumbers(image, A.referencedFrame);
  return frames === undefined ? [{ sopInstanceUid }] : frames.map((frame) => ({ sopInstanceUid, frame }));
}

function parsePlane(orientation: DataSet, measures: DataSet): FramePlane | undefined {
  const cosines = readNumbers(orientation, A.orientation) ?? [];
  const [rows = 0, columns = 0] = readNumbers(measures, A.pixelSpacing) ?? [];
  if (cosines.length !== 6 || rows <= 0 || columns <= 0) return undefined;
  const [xx, xy, xz, yx, yy, yz] = cosines as [number, number, number, number, number, number];
  const [spacing] = readNumbers(measures, A.sliceSpacing) ?? [];
  const sliceGapMm = Math.abs(spacing ?? readNumbers(measures, A.sliceThickness)?.[0] ?? 0);
  const stated = [
    [xx, xy, xz],
    [yx, yy, yz],
  ] as const;
  // As for the images below them, or frames with the images' own cosines would not lie on their grid.
  const [rowCosinesLps, columnCosinesLps] = isOrientation(...stated) ? planeAxes(...stated) : stated;
  return {
    rowCosinesLps,
    columnCosinesLps,
    pixelSpacingMm: [rows, columns],
    ...(sliceGapMm > 0 ? { sliceGapMm } : {}),
  };
}

function wrongCount(frames: number, described: string) {
  return malformedSeg(
    `NumberOfFrames (0028,0008) is ${frames}, but the functional groups describe ${described}`,
    { frames },
  );
}
