import { SaxesParser } from 'saxes';
import { PipelineError } from '../../contracts/errors.ts';

/** Receives the elements of a document in order; names come without their namespace prefix. */
export interface XmlHandler {
  readonly open: (name: string, attributes: XmlAttributes) => void;
  readonly close: (name: string) => void;
}

/** Attribute values by name as written, prefix included. */
export type XmlAttributes = Readonly<Record<string, string>>;

/** Makes an error that says where in the file something is wrong. */
export type XmlFailure = (why: string) => PipelineError;

const MAX_BYTES = 512 * 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_ELEMENTS = 50_000_000;
const MAX_NAME_LENGTH = 256;
const MAX_ATTRIBUTES = 64;
const MAX_VALUE_LENGTH = 65_536;
/** The parser gets the text in pieces, so that no string of the whole file is ever made. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Walks through an XML document without building a tree.
 *
 * A document type declaration is refused, so that no entity beyond the five predefined ones can exist and nothing is
 * ever loaded from elsewhere.
 *
 * @param createHandler - gets a function that makes errors with the current line
 * @throws MalformedAim when the text is not well-formed, declares a document type or exceeds a limit
 */
export function readXml(bytes: Uint8Array, createHandler: (fail: XmlFailure) => XmlHandler): void {
  const parser = new SaxesParser({ position: true, xmlns: false } as const);
  const fail: XmlFailure = (why) => malformed(why, parser.line);
  if (bytes.length > MAX_BYTES) throw fail(`it holds ${bytes.length} bytes, at most ${MAX_BYTES} are read`);
  const handler = createHandler(fail);
  let depth = 0;
  let elements = 0;
  parser.on('error', (error) => {
    throw fail(error.message.replace(/^\d+:\d+: /u, ''));
  });
  parser.on('doctype', () => {
    throw fail('it declares a document type, which no AIM file needs');
  });
  let attributeCount = 0;
  parser.on('opentagstart', () => {
    attributeCount = 0;
  });
  parser.on('attribute', ({ name, value }) => {
    if (++attributeCount > MAX_ATTRIBUTES)
      throw fail(`an element has more than ${MAX_ATTRIBUTES} attributes`);
    if (name.length > MAX_NAME_LENGTH || value.length > MAX_VALUE_LENGTH)
      throw fail(`an attribute is longer than ${MAX_VALUE_LENGTH} characters`);
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (++depth > MAX_DEPTH) throw fail(`its elements nest deeper than ${MAX_DEPTH}`);
    if (++elements > MAX_ELEMENTS) throw fail(`it holds more than ${MAX_ELEMENTS} elements`);
    if (name.length > MAX_NAME_LENGTH) throw fail(`an element's name is longer than ${MAX_NAME_LENGTH}`);
    handler.open(localName(name), attributes);
  });
  parser.on('closetag', ({ name }) => {
    depth--;
    handler.close(localName(name));
  });
  feed(parser, bytes, fail);
}

export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function feed(parser: Pick<SaxesParser, 'write' | 'close'>, bytes: Uint8Array, fail: XmlFailure): void {
  const decoder = textDecoder(bytes, fail);
  const decode = (piece?: Uint8Array): string => {
    try {
      return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
    } catch {
      throw fail(`its text is not ${decoder.encoding}`);
    }
  };
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    parser.write(decode(bytes.subarray(at, at + PIECE_BYTES)));
  }
  parser.write(decode());
  parser.close();
}

/** By byte order mark, then by the XML declaration; UTF-8 otherwise. */
function textDecoder(bytes: Uint8Array, fail: XmlFailure) {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le', { fatal: true });
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be', { fatal: true });
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 256));
  const declared = /^(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/u.exec(
    start,
  )?.[1];
  try {
    return new TextDecoder(declared ?? 'utf-8', { fatal: true });
  } catch {
    throw fail(`its encoding "${declared}" is not known; save it as UTF-8`);
  }
}

function malformed(why: string, line: number): PipelineError {
  return new PipelineError(
    'MalformedAim',
    `the AIM file cannot be read at line ${line}: ${why}; save the contours again`,
    { line },
  );
}
