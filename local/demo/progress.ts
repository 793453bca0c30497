/** One finished step of the demo, for the table at its end. */
export interface StepRecord {
  readonly title: string;
  readonly result: string;
  readonly seconds: number;
}

export interface Progress {
  readonly records: readonly StepRecord[];
  /** Runs one step, shows what it does and how long it took; `work` answers with what it produced. */
  step<T>(title: string, work: (live: Live) => Promise<StepResult<T>>): Promise<T>;
}

interface StepResult<T> {
  readonly value: T;
  /** A few words for the table. */
  readonly result: string;
}

/** What a step says while it runs. */
export interface Live {
  /** A line that stays. */
  line(text: string): void;
  /** A line that the next one replaces; where there is no terminal it is shown when it changes by a tenth. */
  bar(label: string, done: number, of: number): void;
}

const WIDTH = 24;

export function createProgress(out: NodeJS.WriteStream): Progress {
  const records: StepRecord[] = [];
  const began = performance.now();
  return {
    records,
    async step(title, work) {
      const live = createLive(out);
      const from = performance.now();
      out.write(`${clock(began)}  ${title}\n`);
      const { value, result } = await work(live);
      live.end();
      const seconds = (performance.now() - from) / 1000;
      records.push({ title, result, seconds });
      out.write(`         ${result} (${seconds.toFixed(1)} s)\n`);
      return value;
    },
  };
}

function clock(began: number): string {
  const seconds = Math.round((performance.now() - began) / 1000);
  return `[${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}]`;
}

function createLive(out: NodeJS.WriteStream): Live & { end(): void } {
  let shown = '';
  let tenth = -1;
  const clear = (): void => {
    if (shown !== '') out.write('\r\u001b[K');
    shown = '';
  };
  return {
    line(text) {
      clear();
      out.write(`         ${text}\n`);
    },
    bar(label, done, of) {
      const filled = of === 0 ? WIDTH : Math.round((WIDTH * done) / of);
      const text = `         [${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done} of ${of} ${label}`;
      if (out.isTTY) {
        clear();
        out.write(text);
        shown = text;
      } else if (Math.floor((10 * done) / Math.max(of, 1)) !== tenth) {
        tenth = Math.floor((10 * done) / Math.max(of, 1));
        out.write(`${text}\n`);
      }
    },
    end: clear,
  };
}
