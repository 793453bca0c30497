/** Where bytes go in order: a file, or an object in a store. Exactly one of `finish` and `abort` ends it. */
export interface ByteSink<Result = void> {
  /** Resolves when the bytes may be used again. */
  write(bytes: Uint8Array): Promise<void>;
  /** Only now is anything there for others to see. */
  finish(): Promise<Result>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}
