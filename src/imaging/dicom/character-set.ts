/** WHATWG decoder for each SpecificCharacterSet (0008,0005) term, with and without code extensions (PS3.3 C.12.1.1.2). */
const DECODERS: Readonly<Record<string, string>> = {
  'IR 100': 'iso-8859-1',
  'IR 101': 'iso-8859-2',
  'IR 109': 'iso-8859-3',
  'IR 110': 'iso-8859-4',
  'IR 144': 'iso-8859-5',
  'IR 127': 'iso-8859-6',
  'IR 126': 'iso-8859-7',
  'IR 138': 'iso-8859-8',
  'IR 148': 'windows-1254',
  'IR 203': 'iso-8859-15',
  'IR 166': 'windows-874',
  'IR 13': 'shift_jis',
  'IR 87': 'iso-2022-jp',
  'IR 159': 'iso-2022-jp',
  'IR 149': 'euc-kr',
  'IR 58': 'gb2312',
  'IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Escape sequences that announce Korean or simplified Chinese; those decoders read the bytes without them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ISO 2022 escape sequences start with the ESC character
const DESIGNATIONS = /\x1b\$\)[CA]|\x1b\([BJ]|\x1b-[A-Z]/g;

/**
 * Decodes a text value by the file's character sets.
 *
 * Without a declared set the bytes are read as UTF-8 when they are valid UTF-8, which covers ASCII, and as Latin-1
 * otherwise: both are common in files that forgot to say.
 */
export function decodeText(bytes: Uint8Array, characterSets: readonly string[]): string {
  const labels = characterSets.map(decoderLabel).filter((label) => label !== undefined);
  const label = labels.at(-1);
  const text = label === undefined ? decodeUndeclared(bytes) : decodeDeclared(bytes, label);
  return text.replace(/[\0 ]+$/u, '').trim();
}

function decoderLabel(term: string): string | undefined {
  const name = term.replace(/^ISO[_ ](2022 )?/u, '');
  return Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
}

function decodeDeclared(bytes: Uint8Array, label: string): string {
  if (label === 'iso-2022-jp') return new TextDecoder(label).decode(bytes);
  const latin = new TextDecoder('latin1').decode(bytes);
  if (!latin.includes('\x1b')) return new TextDecoder(label).decode(bytes);
  const plain = Uint8Array.from(latin.replace(DESIGNATIONS, ''), (char) => bytesOf(char));
  return new TextDecoder(label).decode(plain);
}

/** `latin1` is windows-1252 to TextDecoder, so 0x80-0x9f come back as other code points and are mapped home. */
function bytesOf(char: string): number {
  const code = char.charCodeAt(0);
  return code < 0x100 ? code : 0x80 + WINDOWS_1252_HIGH.indexOf(char);
}

const WINDOWS_1252_HIGH = new TextDecoder('latin1').decode(
  Uint8Array.from({ length: 32 }, (_, n) => 0x80 + n),
);

function decodeUndeclared(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}
