import { unzipSync } from 'fflate';
import { PipelineError } from '../contracts/errors.ts';
import { listEntries } from './bundle-zip.ts';
import { scanPickle } from './pickle-scan.ts';

const MAX_PICKLE_BYTES = 64 * 1024 * 1024;

/**
 * Checks weights saved by `torch.save` (a zip with `<name>/data.pkl`) without loading them. The trainer loads
 * with `weights_only`; this is the lock before that one.
 *
 * @throws UnsafeModel naming what a plain state dict would not need; InvalidModel for another kind of file.
 */
export function scanWeights(weights: Uint8Array): void {
  if (weights[0] !== 0x50 || weights[1] !== 0x4b) {
    throw invalid('is not a zip as torch.save writes since 1.6; load and save it again with a current torch');
  }
  const names = listEntries(weights).map(({ name }) => name);
  if (names.some((name) => /(^|\/)constants\.pkl$/.test(name) || name.includes('/code/'))) {
    throw invalid('is TorchScript, which is a program; save network.state_dict() instead');
  }
  const pickles = names.filter((name) => name.endsWith('.pkl'));
  if (pickles.length !== 1 || !/^[^/]+\/data\.pkl$/.test(pickles[0] ?? '')) {
    throw invalid(`must hold exactly one <name>/data.pkl and holds ${pickles.length} pickle(s)`);
  }
  const files = unzipSync(weights, {
    filter: ({ name, originalSize }) => {
      if (name === pickles[0] && originalSize > MAX_PICKLE_BYTES) {
        throw invalid(`has a data.pkl of ${originalSize} bytes; at most ${MAX_PICKLE_BYTES} are accepted`);
      }
      return name === pickles[0];
    },
  });
  scanPickle(files[pickles[0] ?? ''] ?? new Uint8Array());
}

function invalid(what: string): PipelineError {
  return new PipelineError('InvalidModel', `models/model.pt ${what}`);
}
