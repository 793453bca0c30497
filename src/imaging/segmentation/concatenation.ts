import { PipelineError } from '../../contracts/errors.ts';
import { type Attribute, readString, readUint16, readUint32s } from '../dicom/data-set.ts';
import { malformedSeg } from './malformed-seg.ts';
import type { SegPart } from './read-seg-object.ts';
import type { SegObject } from './seg-object.ts';
import { positionsTellFramesApart } from './usable-positions.ts';

const A = {
  concatenation: { name: 'ConcatenationUID', tag: 'x00209161' },
  number: { name: 'InConcatenationNumber', tag: 'x00209162' },
  total: { name: 'InConcatenationTotalNumber', tag: 'x00209163' },
  frameOffset: { name: 'ConcatenationFrameOffsetNumber', tag: 'x00209228' },
  source: { name: 'SOPInstanceUIDOfConcatenationSource', tag: 'x00200242' },
} as const satisfies Record<string, Attribute>;

interface Membership {
  readonly part: SegPart;
  readonly uid: string;
  readonly number: number;
  readonly total?: number;
  readonly frameOffset: number;
}

/**
 * Joins the parts of a concatenation (PS3.3 C.7.6.16.1.1) into one object; a file by itself stays as it is.
 *
 * @throws SegConcatenation when a part is missing, given twice, or belongs to something else
 */
export function joinParts(parts: readonly SegPart[]): SegObject {
  const [only] = parts;
  if (only === undefined) throw concatenation('no file was given');
  const members = parts.map(readMembership);
  if (parts.length === 1 && members[0] === undefined) return only.object;
  const ordered = members.map((member) => member ?? notAPart()).toSorted((a, b) => a.number - b.number);
  requireComplete(ordered);
  return join(ordered, only);
}

function join(ordered: readonly Membership[], { file }: SegPart): SegObject {
  const objects = ordered.map(({ part }) => part.object);
  const [first] = objects as [SegObject];
  const different = objects.find(({ type, segments }) => {
    return type !== first.type || JSON.stringify(segments) !== JSON.stringify(first.segments);
  });
  if (different !== undefined) throw malformedSeg('the parts of the concatenation name different segments');
  const frames = objects.flatMap((object, part) => object.frames.map((frame) => ({ ...frame, part })));
  return {
    ...first,
    sopInstanceUid: readString(file.dataSet, A.source) ?? first.sopInstanceUid,
    referencedSeriesUids: [...new Set(objects.flatMap((object) => object.referencedSeriesUids))],
    frames,
    usablePositions: positionsTellFramesApart(frames),
    pixels: objects.flatMap(({ pixels }) => pixels),
  };
}

function readMembership(part: SegPart): Membership | undefined {
  const { dataSet } = part.file;
  const uid = readString(dataSet, A.concatenation);
  if (uid === undefined) return undefined;
  const total = readUint16(dataSet, A.total);
  return {
    part,
    uid,
    number: readUint16(dataSet, A.number) ?? 0,
    ...(total === undefined ? {} : { total }),
    frameOffset: readUint32s(dataSet, A.frameOffset)?.[0] ?? 0,
  };
}

function requireComplete(ordered: readonly Membership[]): void {
  const uids = new Set(ordered.map(({ uid }) => uid));
  if (uids.size > 1) throw concatenation(`the files belong to ${uids.size} different concatenations`);
  const total = Math.max(...ordered.map(({ total: declared = 0 }) => declared), ordered.length);
  const numbers = ordered.map(({ number }) => number);
  const missing = Array.from({ length: total }, (_, index) => index + 1).filter(
    (number) => !numbers.includes(number),
  );
  if (missing.length > 0) {
    throw concatenation(`part(s) ${missing.slice(0, 20).join(', ')} of ${total} are missing`);
  }
  let offset = 0;
  for (const { part, frameOffset, number } of ordered) {
    if (frameOffset !== offset) {
      throw concatenation(`part ${number} begins at frame ${frameOffset + 1}, not at ${offset + 1}`);
    }
    offset += part.object.frames.length;
  }
}

function notAPart(): never {
  throw concatenation('a file is no part of it');
}

function concatenation(why: string): PipelineError {
  return new PipelineError(
    'SegConcatenation',
    `the segmentation is a concatenation of several files that cannot be joined: ${why}; give all its parts and nothing else`,
  );
}
