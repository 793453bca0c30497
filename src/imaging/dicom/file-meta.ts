import { PipelineError } from '../../contracts/errors.ts';
import { type ByteSource, type ElementEncoding, readPlace, readTag, skipElement } from './data-elements.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from './transfer-syntax.ts';

const PREAMBLE_LENGTH = 128;
/** A UID has 64 characters at most; a longer text is none. */
const MAX_UID = 128;
const META_GROUP = 0x0002;
const TRANSFER_SYNTAX_UID = 0x00020010;
const EXPLICIT_LITTLE: ElementEncoding = { explicitVr: true, littleEndian: true };

/** Elements that a data set without file meta information begins with: the first ones of group 0008. */
const FIRST_GROUP = 0x0008;
const LAST_FIRST_ELEMENT = 0x0018;

export interface FileMeta {
  readonly transferSyntaxUid: string;
  /** First byte of the data set. */
  readonly dataSetStart: number;
}

/**
 * Reads the file meta information (PS3.10 section 7.1), or infers it for a bare data set.
 *
 * Bare data sets, without preamble or meta group, are what some planning systems save. They are taken when they begin
 * like one: a low element of group 0008 whose length fits the file. Only little endian is inferred.
 *
 * @throws NotDicom, MissingAttribute, TruncatedDicom
 */
export function readFileMeta(source: ByteSource): FileMeta {
  const { view } = source;
  const marked = view.byteLength >= 132 && source.latin1(PREAMBLE_LENGTH, PREAMBLE_LENGTH + 4) === 'DICM';
  if (marked) return readMetaGroup(source, PREAMBLE_LENGTH + 4);
  if (view.byteLength < 16) throw notDicom(view.byteLength);
  const group = view.getUint16(0, true);
  const element = view.getUint16(2, true);
  if (group === META_GROUP && element <= 0x0010) return readMetaGroup(source, 0);
  if (group !== FIRST_GROUP || element > LAST_FIRST_ELEMENT) throw notDicom(view.byteLength);
  const explicit = hasVr(source, 0);
  if (!explicit && view.getUint32(4, true) > view.byteLength) throw notDicom(view.byteLength);
  return { transferSyntaxUid: explicit ? EXPLICIT_LITTLE_ENDIAN : IMPLICIT_LITTLE_ENDIAN, dataSetStart: 0 };
}

/** True when the element whose header starts at `at` is written with a VR. */
export function hasVr({ bytes }: ByteSource, at: number): boolean {
  const capital = (code: number | undefined) => code !== undefined && code >= 65 && code <= 90;
  return capital(bytes[at + 4]) && capital(bytes[at + 5]);
}

/** The group's stated length is not trusted: the group ends where another one begins. */
function readMetaGroup(source: ByteSource, start: number): FileMeta {
  const { view } = source;
  const end = view.byteLength;
  let at = start;
  let transferSyntaxUid: string | undefined;
  while (at + 8 <= end && view.getUint16(at, true) === META_GROUP) {
    const next = skipElement(view, at, end, EXPLICIT_LITTLE, 0);
    if (readTag(view, at, EXPLICIT_LITTLE) === TRANSFER_SYNTAX_UID) {
      const { offset } = readPlace(view, at, end, EXPLICIT_LITTLE);
      transferSyntaxUid = source.latin1(offset, Math.min(next, offset + MAX_UID)).replace(/[\0 ]+$/, '');
    }
    at = next;
  }
  if (transferSyntaxUid === undefined || transferSyntaxUid === '') {
    throw new PipelineError(
      'MissingAttribute',
      'TransferSyntaxUID (0002,0010) is missing or empty; the file cannot be read: export the series again',
      { attribute: 'TransferSyntaxUID', tag: '00020010' },
    );
  }
  return { transferSyntaxUid, dataSetStart: at };
}

function notDicom(byteLength: number): PipelineError {
  return new PipelineError(
    'NotDicom',
    'the file has no "DICM" prefix at byte 128 and does not begin like a DICOM data set; remove it or export it again',
    { byteLength },
  );
}
