import { PipelineError } from '../../../../src/contracts/errors.ts';

/** Of processor time, which a busy machine does not stretch: no reader may take longer over a file that it refuses. */
const MAX_MS = 2000;
/** Nor may it take more memory than this beside its input, whatever the file declares. */
const MAX_BUFFER_BYTES = 128 * 1024 * 1024;

/** Code with which `read` refuses its input; `accepted` when it does not. Fails when it takes long or much memory. */
export function refusal(read: () => unknown): string {
  const before = process.memoryUsage().arrayBuffers;
  const started = process.cpuUsage();
  const code = outcome(read);
  const { user, system } = process.cpuUsage(started);
  const ms = (user + system) / 1000;
  const grown = process.memoryUsage().arrayBuffers - before;
  if (ms > MAX_MS) throw new Error(`${code}, but only after ${ms.toFixed(0)} ms`);
  if (grown > MAX_BUFFER_BYTES) throw new Error(`${code}, but ${grown} bytes of buffers are held`);
  return code;
}

function outcome(read: () => unknown): string {
  try {
    read();
    return 'accepted';
  } catch (error) {
    if (error instanceof PipelineError && error.code !== 'InternalError') return error.code;
    throw error;
  }
}
