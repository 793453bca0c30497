/**
 * Of every stored thing. Raised when the layout of one changes; a newer one than this is refused, never guessed at. In a file
 * of its own, so that the command line can write certificates without loading the schemas.
 */
export const SCHEMA_VERSION = 1;
