import { PipelineError } from '../../contracts/errors.ts';
import { decodeText } from '../dicom/character-set.ts';
import {
  type Attribute,
  type DataSet,
  openDicom,
  readBytes,
  readItems,
  readNumbers,
  readString,
  readStrings,
  requireNumbers,
  requireString,
} from '../dicom/data-set.ts';
import { mostDecimals, readDecimals } from '../dicom/decimal-string.ts';
import { NumberArena } from './number-arena.ts';
import { type PatientContour, type Roi, type StructureSet, UNTITLED_ROI } from './structure-set.ts';

export const RT_STRUCTURE_SET_STORAGE = '1.2.840.10008.5.1.4.1.1.481.3';

/** A kilometre: nothing in a scanner is farther from its origin. */
const MAX_COORDINATE_MM = 1_000_000;

const A = {
  sopClassUid: { name: 'SOPClassUID', tag: 'x00080016' },
  sopInstanceUid: { name: 'SOPInstanceUID', tag: 'x00080018' },
  studyUid: { name: 'StudyInstanceUID', tag: 'x0020000d' },
  characterSet: { name: 'SpecificCharacterSet', tag: 'x00080005' },
  frameOfReferences: { name: 'ReferencedFrameOfReferenceSequence', tag: 'x30060010' },
  frameOfReferenceUid: { name: 'FrameOfReferenceUID', tag: 'x00200052' },
  studies: { name: 'RTReferencedStudySequence', tag: 'x30060012' },
  series: { name: 'RTReferencedSeriesSequence', tag: 'x30060014' },
  seriesUid: { name: 'SeriesInstanceUID', tag: 'x0020000e' },
  structureSetRois: { name: 'StructureSetROISequence', tag: 'x30060020' },
  roiNumber: { name: 'ROINumber', tag: 'x30060022' },
  roiFrameOfReference: { name: 'ReferencedFrameOfReferenceUID', tag: 'x30060024' },
  roiAlgorithm: { name: 'ROIGenerationAlgorithm', tag: 'x30060036' },
  roiName: { name: 'ROIName', tag: 'x30060026' },
  roiContours: { name: 'ROIContourSequence', tag: 'x30060039' },
  referencedRoiNumber: { name: 'ReferencedROINumber', tag: 'x30060084' },
  displayColour: { name: 'ROIDisplayColor', tag: 'x3006002a' },
  contours: { name: 'ContourSequence', tag: 'x30060040' },
  contourImages: { name: 'ContourImageSequence', tag: 'x30060016' },
  referencedSop: { name: 'ReferencedSOPInstanceUID', tag: 'x00081155' },
  referencedFrame: { name: 'ReferencedFrameNumber', tag: 'x00081160' },
  geometricType: { name: 'ContourGeometricType', tag: 'x30060042' },
  pointCount: { name: 'NumberOfContourPoints', tag: 'x30060046' },
  contourData: { name: 'ContourData', tag: 'x30060050' },
} as const satisfies Record<string, Attribute>;

/**
 * Reads an RT Structure Set; every ROI is kept, those without contours too.
 *
 * DS values longer than 16 characters, repeated closing points and missing image references are accepted, because
 * common writers produce them.
 *
 * @throws NotDicom, TruncatedDicom, MissingAttribute, UnsupportedTransferSyntax
 * @throws UnsupportedRoiType when the file is another kind of object
 * @throws EmptyRtstruct when no ROI has a contour
 * @throws MalformedContour when points are not triples of finite numbers, or a number with contours names two regions
 */
export function parseRtstruct(bytes: Uint8Array): StructureSet {
  const { dataSet } = openDicom(bytes);
  requireStructureSet(dataSet);
  const rois = readRois(dataSet, readDrawings(dataSet));
  if (rois.every((roi) => roi.contours.length === 0)) {
    throw new PipelineError(
      'EmptyRtstruct',
      `the structure set names ${rois.length} region(s) but holds no contour; draw at least one and save it again`,
      { rois: rois.length },
    );
  }
  const frameOfReferenceUid = readFrameOfReference(dataSet);
  return {
    format: 'RTSTRUCT',
    sopInstanceUid: requireString(dataSet, A.sopInstanceUid),
    studyUid: requireString(dataSet, A.studyUid),
    referencedSeriesUids: readReferencedSeries(dataSet),
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
    rois,
  };
}

interface RoiDrawing {
  readonly colour?: readonly [number, number, number];
  readonly contours: readonly PatientContour[];
}

function requireStructureSet(dataSet: DataSet): void {
  const sopClassUid = requireString(dataSet, A.sopClassUid);
  if (sopClassUid === RT_STRUCTURE_SET_STORAGE) return;
  throw new PipelineError(
    'UnsupportedRoiType',
    `the file is of SOP class ${sopClassUid}; an RT Structure Set (${RT_STRUCTURE_SET_STORAGE}) is needed here`,
    { sopClassUid },
  );
}

/** In the order of StructureSetROISequence; contours of a number that it does not list follow as untitled regions. */
function readRois(dataSet: DataSet, drawings: ReadonlyMap<number, RoiDrawing>): Roi[] {
  const rois = new Map<number, Roi>();
  for (const item of readItems(dataSet, A.structureSetRois)) {
    const roi = readRoi(dataSet, item, drawings);
    const earlier = rois.get(roi.number);
    const clash = earlier !== undefined && earlier.name !== roi.name && roi.contours.length > 0;
    if (clash) throw ambiguousNumber(earlier, roi);
    if (earlier === undefined) rois.set(roi.number, roi);
  }
  for (const [number, drawing] of drawings) {
    if (!rois.has(number) && drawing.contours.length > 0)
      rois.set(number, { number, name: UNTITLED_ROI, ...drawing });
  }
  return [...rois.values()];
}

function readRoi(dataSet: DataSet, item: DataSet, drawings: ReadonlyMap<number, RoiDrawing>): Roi {
  const [number = 0] = requireNumbers(item, A.roiNumber, 1);
  const rawName = readBytes(item, A.roiName);
  const name = rawName === undefined ? '' : decodeText(rawName, readStrings(dataSet, A.characterSet)).trim();
  const algorithm = readString(item, A.roiAlgorithm);
  const frameOfReferenceUid = readString(item, A.roiFrameOfReference);
  return {
    number,
    name: name === '' ? UNTITLED_ROI : name,
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
    ...(drawings.get(number) ?? { contours: [] }),
  };
}

/** Contours by ROI number; an ROI listed twice keeps the contours of both items. */
function readDrawings(dataSet: DataSet): Map<number, RoiDrawing> {
  const drawings = new Map<number, RoiDrawing>();
  const arena = new NumberArena();
  for (const item of readItems(dataSet, A.roiContours)) {
    const [roiNumber = 0] = requireNumbers(item, A.referencedRoiNumber, 1);
    const contours = readItems(item, A.contours).flatMap((contour, index) =>
      readContour(contour, arena, { roiNumber, index }),
    );
    const earlier = drawings.get(roiNumber);
    const colour = readColour(item) ?? earlier?.colour;
    drawings.set(roiNumber, {
      contours: [...(earlier?.contours ?? []), ...contours],
      ...(colour === undefined ? {} : { colour }),
    });
  }
  return drawings;
}

/** Tells people which contour is meant; `index` among those of its item, from 0. */
interface ContourPlace {
  readonly roiNumber: number;
  readonly index: number;
}

function readContour(item: DataSet, arena: NumberArena, place: ContourPlace): PatientContour[] {
  const data = readBytes(item, A.contourData);
  if (data === undefined) return [];
  const [image] = readItems(item, A.contourImages);
  const sopInstanceUid = image && readString(image, A.referencedSop);
  const [frame] = (image && readNumbers(image, A.referencedFrame)) ?? [];
  const [declared] = readNumbers(item, A.pointCount) ?? [];
  const pointsLps = readPoints(data, arena, place);
  if (declared !== undefined && declared * 3 !== pointsLps.length)
    throw malformed(place, `it declares ${declared} points and holds ${pointsLps.length / 3}`);
  return [
    {
      geometricType: readString(item, A.geometricType) ?? 'CLOSED_PLANAR',
      pointsLps,
      ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
      ...(frame === undefined ? {} : { frame }),
    },
  ];
}

function readPoints(data: Uint8Array, arena: NumberArena, place: ContourPlace): Float64Array {
  const text = { bytes: data, start: 0, end: data.length };
  const count = readDecimals(text, arena.reserve(mostDecimals(data.length)), MAX_COORDINATE_MM);
  if (count === 0) throw malformed(place, `a coordinate is not a number of at most ${MAX_COORDINATE_MM} mm`);
  if (count % 3 !== 0) throw malformed(place, `its ${count} values are not triples`);
  return arena.keep(count);
}

function readColour(item: DataSet): readonly [number, number, number] | undefined {
  const values = readNumbers(item, A.displayColour);
  if (values === undefined || values.length < 3) return undefined;
  const [red = 0, green = 0, blue = 0] = values.map((value) => Math.min(255, Math.max(0, Math.round(value))));
  return [red, green, blue];
}

function readReferencedSeries(dataSet: DataSet): string[] {
  const uids = readItems(dataSet, A.frameOfReferences)
    .flatMap((frame) => readItems(frame, A.studies))
    .flatMap((study) => readItems(study, A.series))
    .flatMap((series) => readString(series, A.seriesUid) ?? []);
  return [...new Set(uids)];
}

function readFrameOfReference(dataSet: DataSet): string | undefined {
  const [frame] = readItems(dataSet, A.frameOfReferences);
  return frame && readString(frame, A.frameOfReferenceUid);
}

function malformed({ roiNumber, index }: ContourPlace, why: string): PipelineError {
  return new PipelineError(
    'MalformedContour',
    `contour ${index + 1} of region number ${roiNumber} cannot be read: ${why}; save the contours again`,
    { roiNumber, contour: index + 1 },
  );
}

function ambiguousNumber(first: Roi, second: Roi): PipelineError {
  return new PipelineError(
    'MalformedContour',
    `region number ${first.number} is given to "${first.name}" and to "${second.name}", so its contours could belong to ` +
      'either; save the contours again with a number for each region',
    { roiNumber: first.number },
  );
}
