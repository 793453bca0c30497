import type { Contour, Region, Structures } from './structures.ts';
import type { Vec3 } from './vector.ts';

/** Turns a patient position into the image pixel position of AIM: centre of the first pixel at (0.5, 0.5). */
type ToImagePixel = (sopInstanceUid: string, p: Vec3) => readonly [x: number, y: number];

const AIM_NAMESPACE = 'gme://caCORE.caCORE/4.4/edu.northwestern.radiology.AIM';

/**
 * An AIM 4 ImageAnnotationCollection as the XNAT OHIF viewer writes it: one ImageAnnotation per region, one
 * TwoDimensionPolyline per polygon, the first point repeated at the end with coordinateIndex 0 again.
 */
export function writeAim(structures: Structures, toImagePixel: ToImagePixel): string {
  const annotations = structures.regions.map((region, at) =>
    annotation(structures, region, at, toImagePixel),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<ImageAnnotationCollection xmlns="${AIM_NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" aimVersion="AIMv4_0">`,
    `<uniqueIdentifier root="${structures.uid}"/><dateTime value="20260101120000"/>`,
    `<description value="${escaped(structures.label)}"/>`,
    '<user><name value="phantom"/><loginName value="phantom"/></user>',
    '<equipment><manufacturerName value="ICR"/><manufacturerModelName value="XNAT-OHIF-VIEWER"/><softwareVersion value="3.6.2"/></equipment>',
    `<person><name value="${escaped(structures.patientName)}"/><id value="${escaped(structures.patientId)}"/></person>`,
    `<imageAnnotations>${annotations.join('\n')}</imageAnnotations>`,
    '</ImageAnnotationCollection>',
    '',
  ].join('\n');
}

function annotation(structures: Structures, region: Region, at: number, toImagePixel: ToImagePixel): string {
  const markups = region.contours.map((contour, index) =>
    polyline(`${structures.uid}.${at}.${index}`, region, contour, index, toImagePixel),
  );
  return [
    `<ImageAnnotation><uniqueIdentifier root="${structures.uid}.${at}"/>`,
    '<typeCode code="AnyClosedShape" codeSystem="AnyClosedShape" codeSystemName=""/><dateTime value="20260101120000"/>',
    `<name value="${escaped(region.name)}"/>`,
    `<markupEntityCollection>${markups.join('\n')}</markupEntityCollection>`,
    `${imageReference(structures, region)}</ImageAnnotation>`,
  ].join('\n');
}

function polyline(
  uid: string,
  region: Region,
  contour: Contour,
  index: number,
  toImagePixel: ToImagePixel,
): string {
  const coordinates = contour.points.map((p, at) => coordinate(at, toImagePixel(contour.sopInstanceUid, p)));
  const [first] = coordinates;
  return [
    `<MarkupEntity xsi:type="TwoDimensionPolyline"><uniqueIdentifier root="${uid}"/>`,
    `<shapeIdentifier value="${index}"/><includeFlag value="true"/><lineColour value="${region.colour.join(',')}"/>`,
    `<imageReferenceUid root="${contour.sopInstanceUid}"/><referencedFrameNumber value="1"/>`,
    `<twoDimensionSpatialCoordinateCollection>${coordinates.join('')}${first ?? ''}</twoDimensionSpatialCoordinateCollection></MarkupEntity>`,
  ].join('');
}

function coordinate(index: number, [x, y]: readonly [number, number]): string {
  const [across, down] = [x.toFixed(5), y.toFixed(5)];
  return `<TwoDimensionSpatialCoordinate><coordinateIndex value="${index}"/><x value="${across}"/><y value="${down}"/></TwoDimensionSpatialCoordinate>`;
}

function imageReference({ series }: Structures, region: Region): string {
  const drawnOn = [...new Set(region.contours.map((contour) => contour.sopInstanceUid))];
  const images = drawnOn.map(
    (uid) => `<Image><sopClassUid root="${series.sopClassUid}"/><sopInstanceUid root="${uid}"/></Image>`,
  );
  return [
    '<imageReferenceEntityCollection><ImageReferenceEntity xsi:type="DicomImageReferenceEntity">',
    `<imageStudy><instanceUid root="${series.studyUid}"/><startDate value="20260101"/><startTime value="120000"/>`,
    `<imageSeries><instanceUid root="${series.seriesUid}"/><modality code="CT" codeSystemName="DCM"/>`,
    `<imageCollection>${images.join('')}</imageCollection></imageSeries></imageStudy>`,
    '</ImageReferenceEntity></imageReferenceEntityCollection>',
  ].join('');
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
