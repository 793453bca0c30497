import type { ByteSink } from '../../../src/engine/byte-sink.ts';

export interface MemorySink extends ByteSink<Uint8Array> {
  /** How it ended. */
  readonly ended: { finished: boolean; aborted: boolean };
}

/** Keeps what is written; `failAfter` lets that many writes pass. */
export function memorySink(failAfter = Number.POSITIVE_INFINITY): MemorySink {
  const parts: Uint8Array[] = [];
  const ended = { finished: false, aborted: false };
  return {
    ended,
    async write(bytes) {
      if (parts.length >= failAfter) throw new Error('the disk is full');
      parts.push(bytes.slice());
    },
    async finish() {
      ended.finished = true;
      return Buffer.concat(parts);
    },
    async abort() {
      ended.aborted = true;
    },
  };
}
