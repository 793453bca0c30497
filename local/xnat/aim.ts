import { HttpError } from './http-error.ts';

export interface AimPolygon {
  readonly sopInstanceUid: string;
  /** Image pixels, centre of the first pixel at (0.5, 0.5); the repeated last point is dropped. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

interface AimRegion {
  readonly name: string;
  readonly colour: readonly [number, number, number];
  readonly polygons: readonly AimPolygon[];
}

export interface AimCollection {
  readonly uid: string;
  readonly name: string;
  readonly studyUids: readonly string[];
  readonly seriesUids: readonly string[];
  readonly sopInstanceUids: readonly string[];
  readonly regions: readonly AimRegion[];
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
}

/** Reads what the server needs of an AIM 4 ImageAnnotationCollection. */
export function readAim(text: string): AimCollection {
  const root = parseElements(text);
  if (root?.name !== 'ImageAnnotationCollection') throw new HttpError(422, 'The content is not AIM 4.');
  const annotations = descendants(root, 'ImageAnnotation');
  const uidsBelow = (parent: string): string[] => [
    ...new Set(
      descendants(root, parent).flatMap((element) =>
        direct(element, 'instanceUid').map((uid) => uid.attributes.root ?? ''),
      ),
    ),
  ];
  const regions = annotations.map(readRegion);
  return {
    uid: direct(root, 'uniqueIdentifier')[0]?.attributes.root ?? '',
    name: direct(root, 'description')[0]?.attributes.value ?? '',
    studyUids: uidsBelow('imageStudy'),
    seriesUids: uidsBelow('imageSeries'),
    sopInstanceUids: [
      ...new Set(regions.flatMap((region) => region.polygons.map((polygon) => polygon.sopInstanceUid))),
    ],
    regions,
  };
}

function readRegion(annotation: Element): AimRegion {
  const markups = descendants(annotation, 'MarkupEntity').filter((markup) =>
    (markup.attributes['xsi:type'] ?? '').endsWith('TwoDimensionPolyline'),
  );
  const value = (element: Element | undefined, name: string): string =>
    (element === undefined ? undefined : direct(element, name)[0])?.attributes.value ?? '';
  const [red = 255, green = 0, blue = 0] = value(markups[0], 'lineColour')
    .split(',')
    .filter(Boolean)
    .map(Number);
  return {
    name: value(annotation, 'name') || value(annotation, 'comment') || 'Untitled ROI',
    colour: [red, green, blue],
    polygons: markups.map(readPolygon),
  };
}

function readPolygon(markup: Element): AimPolygon {
  const number = (element: Element, name: string): number =>
    Number(direct(element, name)[0]?.attributes.value);
  const points = descendants(markup, 'TwoDimensionSpatialCoordinate').map(
    (element) => [number(element, 'x'), number(element, 'y')] as const,
  );
  const [first] = points;
  const last = points.at(-1);
  const repeated = points.length > 1 && first?.[0] === last?.[0] && first?.[1] === last?.[1];
  return {
    sopInstanceUid: direct(markup, 'imageReferenceUid')[0]?.attributes.root ?? '',
    points: repeated ? points.slice(0, -1) : points,
  };
}

const direct = (element: Element, name: string): Element[] =>
  element.children.filter((child) => child.name === name);

function descendants(element: Element, name: string): Element[] {
  return element.children.flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...descendants(child, name),
  ]);
}

/** Elements and attributes only: AIM keeps every value in attributes. */
function parseElements(text: string): Element | undefined {
  const holder: Element = { name: '', attributes: {}, children: [] };
  const open: Element[] = [holder];
  for (const [, closing, name = '', attributes = '', empty] of text.matchAll(
    /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g,
  )) {
    if (closing === '/') {
      if (open.length > 1) open.pop();
      continue;
    }
    const element: Element = {
      name: name.replace(/^\w+:/, ''),
      attributes: readAttributes(attributes),
      children: [],
    };
    open.at(-1)?.children.push(element);
    if (empty !== '/') open.push(element);
  }
  return holder.children[0];
}

function readAttributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  return Object.fromEntries(
    pairs.map(([, name = '', double, single]) => [name, unescaped(double ?? single ?? '')]),
  );
}

const NAMED_ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(#x?[0-9a-f]+|\w+);/gi, (whole, entity: string) => {
    if (!entity.startsWith('#')) return NAMED_ENTITIES[entity] ?? whole;
    const hexadecimal = entity[1]?.toLowerCase() === 'x';
    return String.fromCodePoint(Number.parseInt(entity.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10));
  });
}
