/**
 * Form of a region name in which two names are compared: Unicode NFC, trimmed, inner spaces collapsed, case folded.
 *
 * Upper case first and lower case then folds what lower case alone does not, such as the German sharp s.
 */
export function foldRegionName(name: string): string {
  const composed = name.normalize('NFC').trim().replace(/\s+/gu, ' ');
  return composed.toUpperCase().toLowerCase().normalize('NFC');
}
