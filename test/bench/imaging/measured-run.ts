import { runProgram } from '../spawn-node.ts';

/** What one run of a program took. */
export interface MeasuredRun {
  readonly wallSeconds: number;
  /** User and system time of the program and its threads. */
  readonly cpuSeconds: number;
  /** Largest resident memory. */
  readonly peakBytes: number;
}

/** The system reports memory and CPU time of a child to its parent alone, and Node does not ask for it. */
const MEASURE = `
import json, os, resource, subprocess, sys, time
began = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
wall = time.perf_counter() - began
if done.returncode != 0:
    sys.exit(f"{sys.argv[1]} ended with {done.returncode}: {done.stdout[-2000:].decode(errors='replace')}")
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"wallSeconds": wall, "cpuSeconds": used.ru_utime + used.ru_stime, "peakBytes": used.ru_maxrss * 1024}))
`;

/**
 * Runs a program to its end and measures it from its start to its exit.
 *
 * @throws Error with the end of what it wrote, when it fails
 */
export async function measureRun(python: string, command: readonly string[]): Promise<MeasuredRun> {
  return JSON.parse(await runProgram(python, ['-c', MEASURE, ...command])) as MeasuredRun;
}
