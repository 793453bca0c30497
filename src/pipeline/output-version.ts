/** Rises only when the bytes that the imaging stages write change; part of a case's identity. */
export const OUTPUT_VERSION = 5;

/** What NIfTI headers say of their origin: no release number, because it would change bytes without a reason. */
export const NIFTI_DESCRIPTION = `Contourflow output version ${OUTPUT_VERSION}`;

/** Release that a certificate names; equals the version in package.json, held by a test. */
export const SOFTWARE_VERSION = '0.1.0';
