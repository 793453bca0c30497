export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

/** Native syntaxes: the samples lie in the file as they are. */
const NATIVE = [EXPLICIT_LITTLE_ENDIAN, '1.2.840.10008.1.2', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.99'];

export function isCompressed(transferSyntaxUid: string): boolean {
  return !NATIVE.includes(transferSyntaxUid);
}
