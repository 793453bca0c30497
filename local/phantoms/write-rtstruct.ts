import type { Region, Structures } from './structures.ts';
import { type Dataset, decimalStrings, writeDicomFile } from './write-dicom.ts';

const RT_STRUCTURE_SET_STORAGE = '1.2.840.10008.5.1.4.1.1.481.3';

/**
 * An RT Structure Set (PS3.3 A.19): every contour CLOSED_PLANAR with its ContourImageSequence, the series named in
 * ReferencedFrameOfReferenceSequence (3006,0010). Points are written to 1e-4 mm.
 */
export function writeRtstruct(structures: Structures): Buffer {
  const { series, regions } = structures;
  return writeDicomFile([
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080016, 'UI', RT_STRUCTURE_SET_STORAGE],
    [0x00080018, 'UI', structures.uid],
    [0x00080020, 'DA', '20260101'],
    [0x00080030, 'TM', '120000'],
    [0x00080060, 'CS', 'RTSTRUCT'],
    [0x00080070, 'LO', 'CONTOURFLOW'],
    [0x00100010, 'PN', structures.patientName],
    [0x00100020, 'LO', structures.patientId],
    [0x0020000d, 'UI', series.studyUid],
    [0x0020000e, 'UI', `${structures.uid}.1`.slice(0, 64)],
    [0x00200011, 'IS', '900'],
    [0x30060002, 'SH', structures.label.slice(0, 16)],
    [0x30060008, 'DA', '20260101'],
    [0x30060009, 'TM', '120000'],
    [0x30060010, 'SQ', [referencedFrame(structures)]],
    [
      0x30060020,
      'SQ',
      regions.map((region, at) => structureSetRoi(region, at + 1, series.frameOfReferenceUid)),
    ],
    [0x30060039, 'SQ', regions.map((region, at) => roiContour(region, at + 1, series.sopClassUid))],
    [0x30060080, 'SQ', regions.map((_, at) => observation(at + 1))],
  ]);
}

function referencedFrame({ series }: Structures): Dataset {
  const images = series.sopInstanceUids.map((uid) => imageReference(series.sopClassUid, uid));
  const referencedSeries: Dataset = [
    [0x0020000e, 'UI', series.seriesUid],
    [0x30060016, 'SQ', images],
  ];
  const referencedStudy: Dataset = [
    [0x00081150, 'UI', '1.2.840.10008.3.1.2.3.1'],
    [0x00081155, 'UI', series.studyUid],
    [0x30060014, 'SQ', [referencedSeries]],
  ];
  return [
    [0x00200052, 'UI', series.frameOfReferenceUid],
    [0x30060012, 'SQ', [referencedStudy]],
  ];
}

function imageReference(sopClassUid: string, sopInstanceUid: string): Dataset {
  return [
    [0x00081150, 'UI', sopClassUid],
    [0x00081155, 'UI', sopInstanceUid],
  ];
}

function structureSetRoi(region: Region, number: number, frameOfReferenceUid: string): Dataset {
  return [
    [0x30060022, 'IS', String(number)],
    [0x30060024, 'UI', frameOfReferenceUid],
    [0x30060026, 'LO', region.name],
    [0x30060036, 'CS', 'MANUAL'],
  ];
}

function roiContour(region: Region, number: number, sopClassUid: string): Dataset {
  const contours = region.contours.map(
    (contour): Dataset => [
      [0x30060016, 'SQ', [imageReference(sopClassUid, contour.sopInstanceUid)]],
      [0x30060042, 'CS', 'CLOSED_PLANAR'],
      [0x30060046, 'IS', String(contour.points.length)],
      [0x30060050, 'DS', Buffer.from(decimalStrings(contour.points.flat()).join('\\'))],
    ],
  );
  return [
    [0x3006002a, 'IS', region.colour.map(String)],
    [0x30060040, 'SQ', contours],
    [0x30060084, 'IS', String(number)],
  ];
}

function observation(number: number): Dataset {
  return [
    [0x30060082, 'IS', String(number)],
    [0x30060084, 'IS', String(number)],
    [0x300600a4, 'CS', 'ORGAN'],
    [0x300600a6, 'PN', ''],
  ];
}
