import { PipelineError } from '../../contracts/errors.ts';
import { AimMarkup } from './aim-markup.ts';
import { localName, readXml, type XmlAttributes, type XmlFailure, type XmlHandler } from './read-xml.ts';
import { type ImageContour, type Roi, type StructureSet, UNTITLED_ROI } from './structure-set.ts';

const MAX_ANNOTATIONS = 10_000;
const MAX_MARKUPS = 1_000_000;

/**
 * Reads an AIM 4 ImageAnnotationCollection as the XNAT OHIF viewer writes it: one ImageAnnotation per region, one
 * TwoDimensionPolyline per outline.
 *
 * Points are image pixels with the centre of the first pixel at (0.5, 0.5); contours keep them less half a pixel. The
 * first point is repeated at the end and has coordinateIndex 0 there too, so points count in the order of the file.
 * Other shapes, and polylines whose includeFlag is false, are kept as contours that enclose nothing, to be reported.
 *
 * @throws MalformedAim when the XML is damaged, exceeds a limit or lacks what a contour needs; names the line
 * @throws UnsupportedRoiType when the document is something else
 * @throws EmptyRtstruct when no region has a contour
 */
export function parseAim(bytes: Uint8Array): StructureSet {
  let reader: AimReader | undefined;
  readXml(bytes, (fail) => {
    reader = new AimReader(fail);
    return reader;
  });
  const set = (reader as AimReader | undefined)?.structureSet();
  if (set?.rois.some(({ contours }) => contours.length > 0)) return set;
  throw new PipelineError(
    'EmptyRtstruct',
    `the AIM collection names ${set?.rois.length ?? 0} region(s) but holds no contour; draw at least one and save it again`,
    { rois: set?.rois.length ?? 0 },
  );
}

interface Annotation {
  name: string;
  comment: string;
  colour?: readonly [number, number, number];
  readonly contours: ImageContour[];
}

class AimReader implements XmlHandler {
  readonly #fail: XmlFailure;
  readonly #path: string[] = [];
  readonly #annotations: Annotation[] = [];
  readonly #seriesUids = new Set<string>();
  #collectionUid = '';
  #studyUid = '';
  #markup: AimMarkup | undefined;
  #markups = 0;

  constructor(fail: XmlFailure) {
    this.#fail = fail;
  }

  readonly open = (name: string, attributes: XmlAttributes): void => {
    const parent = this.#path.at(-1);
    this.#path.push(name);
    if (this.#markup !== undefined) this.#markup.open(name, attributes);
    else if (parent === undefined) requireCollection(name);
    else if (name === 'ImageAnnotation') this.#addAnnotation();
    else if (name === 'MarkupEntity') this.#startMarkup(attributes);
    else this.#readProperty(parent, name, attributes);
  };

  readonly close = (name: string): void => {
    this.#path.pop();
    if (name !== 'MarkupEntity' || this.#markup === undefined) return;
    const annotation = this.#annotations.at(-1);
    const { contour, colour } = this.#markup.finish();
    this.#markup = undefined;
    if (annotation === undefined) throw this.#fail('a markup stands outside any annotation');
    annotation.contours.push(contour);
    if (colour !== undefined) annotation.colour ??= colour;
  };

  structureSet(): StructureSet {
    return {
      format: 'AIM',
      sopInstanceUid: this.#collectionUid,
      studyUid: this.#studyUid,
      referencedSeriesUids: [...this.#seriesUids],
      rois: this.#annotations.map(describeRoi),
    };
  }

  #addAnnotation(): void {
    if (this.#annotations.length === MAX_ANNOTATIONS)
      throw this.#fail(`it holds more than ${MAX_ANNOTATIONS} annotations`);
    this.#annotations.push({ name: '', comment: '', contours: [] });
  }

  #startMarkup(attributes: XmlAttributes): void {
    if (++this.#markups > MAX_MARKUPS) throw this.#fail(`it holds more than ${MAX_MARKUPS} markups`);
    const typeName = Object.keys(attributes).find((name) => localName(name) === 'type');
    this.#markup = new AimMarkup(localName(attributes[typeName ?? ''] ?? ''), this.#fail);
  }

  #readProperty(parent: string, name: string, { root = '', value = '' }: XmlAttributes): void {
    const annotation = this.#annotations.at(-1);
    if (parent === 'ImageAnnotationCollection' && name === 'uniqueIdentifier') this.#collectionUid = root;
    if (parent === 'imageStudy' && name === 'instanceUid' && this.#studyUid === '') this.#studyUid = root;
    if (parent === 'imageSeries' && name === 'instanceUid' && root !== '') this.#seriesUids.add(root);
    if (parent !== 'ImageAnnotation' || annotation === undefined) return;
    if (name === 'name') annotation.name = value;
    if (name === 'comment') annotation.comment = value;
  }
}

function requireCollection(root: string): void {
  if (root === 'ImageAnnotationCollection') return;
  throw new PipelineError(
    'UnsupportedRoiType',
    `the XML document is a ${root}; an AIM 4 ImageAnnotationCollection is needed here`,
    { root },
  );
}

function describeRoi({ name, comment, colour, contours }: Annotation, index: number): Roi {
  const given = [name, comment].find((text) => text.trim() !== '') ?? UNTITLED_ROI;
  return { number: index + 1, name: given.trim(), ...(colour === undefined ? {} : { colour }), contours };
}
