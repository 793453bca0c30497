import { statSync } from 'node:fs';
import { warmUp } from '../../engine/worker-pool.ts';

/** Smaller structure sets are read before a thread had started. */
const WORTH_A_THREAD_BYTES = 2 * 1024 * 1024;

export function isWorthAThread(bytes: number): boolean {
  return bytes >= WORTH_A_THREAD_BYTES;
}

/** Starts the thread that a large file of regions is read on; whoever calls this first has it ready when it is needed. */
export function startThreadFor([path, ...others]: readonly string[]): void {
  const bytes = path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  if (others.length === 0 && isWorthAThread(bytes)) warmUp(1, 'parse-rtstruct');
}
