/** Largest value of a uint16 label map; 0 is background. */
export const MAX_MASK_VALUE = 65535;
