import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

/** One call, with its path as decoded segments and its body read on demand. */
export interface XnatRequest {
  /** HEAD arrives as GET: the server leaves the body away. */
  readonly method: string;
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly header: (name: string) => string;
  readonly body: () => Promise<Buffer>;
  readonly user: string;
}

const BODY_LIMIT = 2 * 2 ** 30;

export function readBody(message: IncomingMessage): () => Promise<Buffer> {
  let content: Promise<Buffer> | undefined;
  return () => {
    content ??= collect(message);
    return content;
  };
}

async function collect(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message) {
    size += (part as Buffer).length;
    if (size > BODY_LIMIT) throw new HttpError(413, 'The body is larger than 2 GiB.');
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

/** Decodes a path into segments; empty ones (double slashes) are dropped as Restlet does. */
export function pathSegments(pathname: string): string[] {
  try {
    return pathname
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    throw new HttpError(400, 'The path is not valid percent-encoding.');
  }
}

/** The single file of a multipart/form-data body, or the body itself. */
export function uploadedBytes(body: Buffer, contentType: string): Buffer {
  const boundary = /^multipart\/form-data.*boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) return body;
  const headEnd = body.indexOf('\r\n\r\n');
  const tail = body.lastIndexOf(`\r\n--${boundary}`);
  if (headEnd < 0 || tail < headEnd) throw new HttpError(400, 'The multipart body has no file part.');
  return body.subarray(headEnd + 4, tail);
}
