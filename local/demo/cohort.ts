import {
  generatePhantom,
  PHANTOM_LABEL_MAP,
  phantomAim,
  phantomRtstruct,
} from '../phantoms/generate-phantom.ts';
import type { DemoOptions } from './options.ts';

/** One session to come: a study with contours on one of its series. */
export interface CohortSession {
  readonly subject: string;
  readonly session: string;
  load(): Promise<LoadedSession>;
}

export interface LoadedSession {
  readonly images: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly rtstruct: Uint8Array;
  /** The same contours as the viewer saves them; null for contours that came as RTSTRUCT only. */
  readonly aim: string | null;
}

export interface Cohort {
  /** `region2MaskValueMap.txt` */
  readonly labelMap: string;
  readonly sessions: readonly CohortSession[];
  readonly description: string;
  /** What was left out or assumed, one sentence each. */
  readonly notices: readonly string[];
}

export function phantomCohort({ seed, subjects }: Pick<DemoOptions, 'seed' | 'subjects'>): Cohort {
  const sessions = Array.from({ length: subjects }, (_, at) => {
    const number = String(at + 1).padStart(3, '0');
    return {
      subject: `PHANTOM_${number}`,
      session: `PHANTOM_${number}_CT1`,
      load: async () => {
        const phantom = generatePhantom({ seed, subject: at + 1 });
        const images = phantom.scans.flatMap(({ files }) => files);
        return { images, rtstruct: phantomRtstruct(phantom), aim: phantomAim(phantom) };
      },
    };
  });
  return {
    labelMap: PHANTOM_LABEL_MAP,
    sessions,
    description: `${subjects} phantom patients (seed ${seed})`,
    notices: [],
  };
}
