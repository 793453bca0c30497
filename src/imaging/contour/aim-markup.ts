import type { XmlAttributes, XmlFailure } from './read-xml.ts';
import type { ImageContour } from './structure-set.ts';

/** Points of one markup; the largest drawn by hand have a few thousand. */
const MAX_POINTS = 1_000_000;
/** A pixel further out than this is no pixel of any image. */
const MAX_PIXEL = 1_000_000;
/** AIM counts from the corner of the first pixel, contours from its centre. */
const HALF_PIXEL = 0.5;

type Colour = readonly [red: number, green: number, blue: number];

/** Collects one MarkupEntity while its elements go by. */
export class AimMarkup {
  readonly #type: string;
  readonly #fail: XmlFailure;
  readonly #coordinates: number[] = [];
  #imageUid = '';
  #frame = 1;
  #included = true;
  #colour: Colour | undefined;
  #x: number | undefined;
  #y: number | undefined;

  /** @param type - xsi:type of the entity without its prefix, such as TwoDimensionPolyline */
  constructor(type: string, fail: XmlFailure) {
    this.#type = type;
    this.#fail = fail;
  }

  open(name: string, { root = '', value = '' }: XmlAttributes): void {
    if (name === 'x') this.#x = this.#pixel(value);
    else if (name === 'y') this.#y = this.#pixel(value);
    else if (name === 'TwoDimensionSpatialCoordinate') this.#endPoint();
    else if (name === 'imageReferenceUid') this.#imageUid = root;
    else if (name === 'referencedFrameNumber' && value !== '') this.#frame = this.#frameNumber(value);
    else if (name === 'includeFlag') this.#included = !/^(?:false|0)$/iu.test(value.trim());
    else if (name === 'lineColour' || name === 'lineColor') this.#colour = parseColour(value);
  }

  finish(): { readonly contour: ImageContour; readonly colour: Colour | undefined } {
    this.#endPoint();
    const drawn = this.#type === 'TwoDimensionPolyline';
    if (drawn && this.#imageUid === '') throw this.#fail('an outline does not name its image');
    const points = this.#coordinates;
    const repeated = points.length > 2 && points.at(-2) === points[0] && points.at(-1) === points[1];
    const contour: ImageContour = {
      geometricType: this.#geometricType(drawn),
      pointsPx: Float64Array.from(repeated ? points.slice(0, -2) : points),
      sopInstanceUid: this.#imageUid,
      frame: this.#frame,
    };
    return { contour, colour: this.#colour };
  }

  /** DICOM's word for what is filled; AIM's own for what is only reported. */
  #geometricType(drawn: boolean): string {
    const type = this.#type === '' ? 'untyped markup' : this.#type;
    if (!drawn) return type;
    return this.#included ? 'CLOSED_PLANAR' : `${type} with includeFlag false`;
  }

  /** A point ends where the next one or the markup's end begins. */
  #endPoint(): void {
    if (this.#x === undefined && this.#y === undefined) return;
    if (this.#x === undefined || this.#y === undefined) throw this.#fail('a point lacks its x or its y');
    if (this.#coordinates.length >= 2 * MAX_POINTS)
      throw this.#fail(`an outline has more than ${MAX_POINTS} points`);
    this.#coordinates.push(this.#x - HALF_PIXEL, this.#y - HALF_PIXEL);
    this.#x = undefined;
    this.#y = undefined;
  }

  #pixel(text: string): number {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Math.abs(value) <= MAX_PIXEL) return value;
    throw this.#fail(`"${text.slice(0, 40)}" is not a pixel position of at most ${MAX_PIXEL}`);
  }

  #frameNumber(text: string): number {
    const frame = Number(text);
    if (Number.isInteger(frame) && frame >= 0) return frame;
    throw this.#fail(`"${text.slice(0, 40)}" is not a frame number`);
  }
}

/** "255,0,0" or "#ff0000"; anything else is no colour. */
function parseColour(text: string): Colour | undefined {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/iu.exec(text.trim());
  const parts = hex
    ? hex.slice(1).map((part) => Number.parseInt(part, 16))
    : (text.match(/\d+(?:\.\d+)?/gu) ?? []).map(Number);
  const [red, green, blue] = parts.map((part) => Math.round(part));
  if (red === undefined || green === undefined || blue === undefined) return undefined;
  return [red, green, blue].every((part) => part <= 255) ? [red, green, blue] : undefined;
}
