/** Values of a label map volume: uint8 when they fit, uint16 otherwise; i fastest, then j, then k. */
export type Labels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** The smallest type that holds all values. */
export function labelType(values: readonly number[]): 'uint8' | 'uint16' {
  return values.some((value) => value > 255) ? 'uint16' : 'uint8';
}

/** Memory for a label map of these values, all background. */
export function emptyLabels(voxels: number, values: readonly number[]): Labels {
  return labelType(values) === 'uint16' ? new Uint16Array(voxels) : new Uint8Array(voxels);
}
