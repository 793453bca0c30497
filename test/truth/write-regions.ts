/** The shapes of an acquisition as a person and a viewer would save them: RTSTRUCT, and AIM 4 as the XNAT viewer does. */

import { decimalText, IMPLICIT_LITTLE_ENDIAN } from '../helpers/dicom-elements.ts';
import { rtStruct, type TestContour } from '../helpers/dicom-writer.ts';
import {
  type AcquiredSlice,
  type Acquisition,
  FRAME_OF_REFERENCE_UID,
  STUDY_UID,
  toLps,
} from './acquisition.ts';
import type { Curve } from './curves.ts';
import type { Shape } from './shapes.ts';
import { CT_IMAGE_STORAGE } from './write-images.ts';

interface DrawnContour {
  readonly slice: AcquiredSlice;
  readonly curve: Curve;
  /** Counted from 0 among the contours of its slice. */
  readonly place: number;
}

function contoursOf({ slices }: Acquisition, shape: Shape): DrawnContour[] {
  return slices.flatMap((slice) =>
    shape.sections(slice.originUvw[2]).map((curve, place) => ({ slice, curve, place })),
  );
}

export interface RtstructOptions {
  /** Moves every contour along the normal, in mm, without touching the image it names. */
  readonly offPlaneMm?: number;
  /** Moves only the contours after the first of each slice along the normal, in mm: the holes and islands. */
  readonly laterOffMm?: number;
  /** Leaves the image references out, so that contours are found by position alone. */
  readonly withoutImages?: boolean;
}

export function writeRtstruct(
  acquisition: Acquisition,
  shapes: readonly Shape[],
  options: RtstructOptions = {},
): Uint8Array {
  const toContour = ({ slice, curve, place }: DrawnContour, type: string): TestContour => {
    const off = (options.offPlaneMm ?? 0) + (place > 0 ? (options.laterOffMm ?? 0) : 0);
    const w = slice.originUvw[2] + off;
    const points = curve.flatMap(([u, v]) => toLps(acquisition, [u, v, w]));
    const image = { sopInstanceUid: slice.sopInstanceUid, frame: slice.frame };
    return {
      ...{ points, type, data: points.map(decimalText).join('\\') },
      ...(options.withoutImages === true ? {} : image),
    };
  };
  return rtStruct({
    // Most writers use it, and it has no limit on the length of ContourData.
    transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN,
    studyUid: STUDY_UID,
    seriesUid: acquisition.seriesUid,
    frameOfReferenceUid: FRAME_OF_REFERENCE_UID,
    rois: shapes.map((shape, index) => ({
      number: index + 1,
      name: shape.name,
      colour: shape.colour,
      contours: contoursOf(acquisition, shape).map((contour) =>
        toContour(contour, shape.geometricType ?? 'CLOSED_PLANAR'),
      ),
    })),
  });
}

const AIM_ROOT =
  '<ImageAnnotationCollection xmlns="gme://caCORE.caCORE/4.4/edu.northwestern.radiology.AIM" ' +
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" aimVersion="AIMv4_0">';

/**
 * One ImageAnnotation per shape, one TwoDimensionPolyline per contour. Pixel coordinates have the centre of the first pixel
 * at (0.5, 0.5); the first point comes again at the end, with coordinateIndex 0 again.
 */
export function writeAim(acquisition: Acquisition, shapes: readonly Shape[]): Uint8Array {
  const annotations = shapes.map((shape, index) => annotation(acquisition, shape, index)).join('\n');
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
${AIM_ROOT}
<uniqueIdentifier root="a1b2.c3d4.0001"/><studyInstanceUid root="${STUDY_UID}"/><description value="truth"/>
<user><name value="tester"/><loginName value="tester"/></user>
<equipment><manufacturerName value="ICR"/><manufacturerModelName value="XNAT-OHIF-VIEWER"/><softwareVersion value="3.7.1"/></equipment>
<person><name value="Phantom"/><id value="PHANTOM"/></person>
<imageAnnotations>
${annotations}
</imageAnnotations>
</ImageAnnotationCollection>
`;
  return new TextEncoder().encode(xml);
}

function annotation(acquisition: Acquisition, shape: Shape, index: number): string {
  const contours = contoursOf(acquisition, shape);
  const markups = contours.map((contour, order) => markup(acquisition, shape, contour, order));
  const images = [...new Set(contours.map(({ slice }) => slice.sopInstanceUid))].map(
    (image) => `<Image><sopClassUid root="${CT_IMAGE_STORAGE}"/><sopInstanceUid root="${image}"/></Image>`,
  );
  return `<ImageAnnotation><uniqueIdentifier root="a1b2.c3d4.1.${index}"/>
<typeCode code="AnyClosedShape" codeSystem="AIM" codeSystemName="AIM" codeSystemVersion=""/>
<dateTime value="20260101120000"/><name value="${shape.name}"/><comment value=""/>
<markupEntityCollection>${markups.join('\n')}</markupEntityCollection>
<imageReferenceEntityCollection><ImageReferenceEntity xsi:type="DicomImageReferenceEntity">
<uniqueIdentifier root="a1b2.c3d4.2.${index}"/><imageStudy><instanceUid root="${STUDY_UID}"/>
<startDate value="20260102"/><startTime value="101112"/><imageSeries><instanceUid root="${acquisition.seriesUid}"/>
<modality code="CT" codeSystem="DCM"/><imageCollection>${images.join('')}</imageCollection></imageSeries></imageStudy>
</ImageReferenceEntity></imageReferenceEntityCollection></ImageAnnotation>`;
}

function markup(
  { spacingMm }: Acquisition,
  shape: Shape,
  { slice, curve }: DrawnContour,
  order: number,
): string {
  const [u0, v0] = slice.originUvw;
  const coordinate = ([u, v]: readonly [number, number], index: number) => {
    const [x, y] = [(u - u0) / spacingMm.columns + 0.5, (v - v0) / spacingMm.rows + 0.5];
    return `<TwoDimensionSpatialCoordinate><coordinateIndex value="${index}"/><x value="${x}"/><y value="${y}"/></TwoDimensionSpatialCoordinate>`;
  };
  const [first] = curve;
  const points = [...curve.map(coordinate), ...(first === undefined ? [] : [coordinate(first, 0)])];
  return `<MarkupEntity xsi:type="TwoDimensionPolyline"><uniqueIdentifier root="a1b2.c3d4.3.${order}"/>
<shapeIdentifier value="${order}"/><includeFlag value="true"/><lineColour value="${shape.colour.join(',')}"/>
<imageReferenceUid root="${slice.sopInstanceUid}"/><referencedFrameNumber value="${slice.frame}"/>
<twoDimensionSpatialCoordinateCollection>${points.join('')}</twoDimensionSpatialCoordinateCollection></MarkupEntity>`;
}
