/** Long enough for any structure's name, short enough for every file system, whatever bytes a letter takes. */
const MAX_STEM_BYTES = 120;
/** Names that Windows keeps for devices, with or without an extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?$/iu;

/**
 * A file name for each region: letters, digits, `-`, `_` and inner dots of its name, everything else `_`; no two are
 * equal on a file system that ignores case or Unicode form.
 *
 * @param takenFiles - names of files beside them that must stay
 * @returns names such as `Liver.nii.gz`, in the order of the regions.
 */
export function regionFileNames(
  regionNames: readonly string[],
  takenFiles: readonly string[] = [],
): string[] {
  const taken = new Set(takenFiles.map(fold));
  return regionNames.map((regionName) => {
    const stem = safeStem(regionName);
    let file = `${stem}.nii.gz`;
    for (let copy = 2; taken.has(fold(file)); copy++) file = `${stem}_${copy}.nii.gz`;
    taken.add(fold(file));
    return file;
  });
}

function safeStem(regionName: string): string {
  const replaced = regionName
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '_')
    .replace(/^[._-]+|[._-]+$/gu, '');
  const stem = shorten(replaced).replace(/[._-]+$/u, '');
  if (stem === '') return 'region';
  return RESERVED.test(stem) ? `region_${stem}` : stem;
}

function shorten(text: string): string {
  let [kept, bytes] = ['', 0];
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_STEM_BYTES) break;
    kept += character;
  }
  return kept;
}

function fold(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}
