import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CHECKOUT } from '../machine/layout.ts';
import { DEFAULT_SUBJECTS } from '../phantoms/generate-phantom.ts';

export interface DemoOptions {
  readonly headless: boolean;
  /** Leave the machine up at the end, also when headless. */
  readonly keep: boolean;
  readonly dataFolder: string;
  /** Folder of the user's own DICOM series and RTSTRUCT files; null: phantom patients. */
  readonly from: string | null;
  /** `region2MaskValueMap.txt` for --from; null: made from the ROI names. */
  readonly labelMap: string | null;
  readonly subjects: number;
  readonly seed: number;
  /** Epochs of the initial training; null: as the training config has it. */
  readonly epochs: number | null;
}

export const USAGE = `npm run demo -- [options]

The whole workflow on this machine, from saved contours to an exported model.

  --headless         no browser; stop the machine at the end; exit code 0 or 1
  --keep             leave the machine up at the end
  --from DIR         your own DICOM series and RTSTRUCT files instead of phantom patients: at least 3 patients,
                     told apart by PatientID (0010,0020); what cannot be used is named and left out
  --label-map FILE   region2MaskValueMap.txt for --from (default: made from the ROI names)
  --subjects N       phantom patients (default ${DEFAULT_SUBJECTS}, at least 12)
  --seed N           of phantoms, split and training (default 1)
  --epochs N         of the initial training
  --data DIR         where the machine keeps its state (default .contourflow/demo in the checkout)`;

/** @throws Error with what is wrong about the command line. */
export function parseOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      headless: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      from: { type: 'string' },
      'label-map': { type: 'string' },
      subjects: { type: 'string', default: String(DEFAULT_SUBJECTS) },
      seed: { type: 'string', default: '1' },
      epochs: { type: 'string' },
      data: { type: 'string', default: join(CHECKOUT, '.contourflow/demo') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    headless: values.headless,
    keep: values.keep,
    dataFolder: resolve(values.data),
    from: values.from === undefined ? null : resolve(values.from),
    labelMap: values['label-map'] === undefined ? null : resolve(values['label-map']),
    subjects: wholeNumber('--subjects', values.subjects, 12),
    seed: wholeNumber('--seed', values.seed, 0),
    epochs: values.epochs === undefined ? null : wholeNumber('--epochs', values.epochs, 1),
  };
}

function wholeNumber(option: string, text: string, minimum: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= minimum) return value;
  throw new Error(`${option} is "${text}"; give a whole number of at least ${minimum}`);
}
