/** What a command says of its progress: nothing where nobody watches. */
export interface ProgressBar {
  update(label: string, done: number, total: number): void;
  /** Takes the bar away, so that the next line is written where it was. */
  clear(): void;
}

interface Watched {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 24;
/** The eye sees no more, and a slow terminal is not waited for. */
const REDRAW_MS = 80;
const TO_LINE_START = '\r\x1b[K';

/** A bar on standard error when that is a terminal; otherwise nothing is written. */
export function progressBar(stream: Watched, now: () => number = Date.now): ProgressBar {
  if (stream.isTTY !== true) return { update: () => {}, clear: () => {} };
  let drawnAt = Number.NEGATIVE_INFINITY;
  let shown = false;
  return {
    update(label, done, total) {
      if (done < total && now() - drawnAt < REDRAW_MS) return;
      drawnAt = now();
      shown = true;
      stream.write(`${TO_LINE_START}${bar(label, done, total).slice(0, (stream.columns ?? 80) - 1)}`);
    },
    clear() {
      if (shown) stream.write(TO_LINE_START);
      shown = false;
    },
  };
}

function bar(label: string, done: number, total: number): string {
  const share = total > 0 ? done / total : 1;
  const filled = Math.round(share * BAR_WIDTH);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${percent} %  ${label}`;
}
