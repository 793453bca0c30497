import { PipelineError } from '../../../src/contracts/errors.ts';
import type {
  CaseTarget,
  PrepareSessionInput,
  SeriesTarget,
  SessionContext,
} from '../../../src/contracts/stages/prepare-session.ts';
import * as contracts from '../../../src/contracts/stages/prepare-session.ts';
import { buildMask } from '../../../src/pipeline/build-mask.ts';
import { certifyCase } from '../../../src/pipeline/certify-case.ts';
import { convertSeries } from '../../../src/pipeline/convert-series.ts';
import { fetchScans } from '../../../src/pipeline/fetch-scans.ts';
import { publishResources } from '../../../src/pipeline/publish-resources.ts';
import { quarantineCase } from '../../../src/pipeline/quarantine-case.ts';
import { recoverSession } from '../../../src/pipeline/recover-session.ts';
import { registerCase } from '../../../src/pipeline/register-case.ts';
import { releaseSession } from '../../../src/pipeline/release-session.ts';
import { resampleVolume } from '../../../src/pipeline/resample-volume.ts';
import { routeEvent } from '../../../src/pipeline/route-event.ts';
import type { BlobUpload, Ports } from '../../../src/ports/index.ts';
import type { MemoryExecution, MemoryPorts } from '../../helpers/memory-ports.ts';

/** The end of the process, as opposed to an error: nothing catches it. */
export class Crash extends Error {}

/** Runs the stages in the order of statemachines/prepare-session.asl.json, its Catch and its loop included. */
export async function prepareSession(first: PrepareSessionInput, ports: Ports): Promise<void> {
  let request: PrepareSessionInput | null = first;
  let failure: unknown = null;
  while (request) {
    const input: PrepareSessionInput = contracts.PrepareSessionInput.parse(request);
    failure = await attempt(async () => {
      const { session, targets } = contracts.FetchScansOutput.parse(await fetchScans(input, ports));
      for (const target of targets) await prepareSeries(session, target, ports);
    });
    const { schemaVersion: _, ...pass } = input;
    const failed = failure ? { stage: 'FetchScans', ...lambdaFailure(failure) } : null;
    request = (await releaseSession({ ...pass, failure: failed }, ports)).next;
  }
  if (failure) throw failure;
}

async function prepareSeries(session: SessionContext, target: SeriesTarget, ports: Ports): Promise<void> {
  const { problem, seriesUid, slices } = target;
  if (problem || seriesUid === null || slices === null) {
    const { stage = '', code = '', message = '' } = problem ?? {};
    for (const one of target.cases)
      await quarantine(session, target, one, { stage, error: code, cause: message }, ports);
    return;
  }
  for (const one of target.cases) {
    let stage = 'ConvertSeries';
    const error = await attempt(async () => {
      const work = { session, case: one };
      const converted = await convertSeries({ session, seriesUid, slices, roi: target.roi }, ports);
      stage = 'BuildMask';
      const built = await buildMask({ ...work, seriesUid, roi: target.roi, converted }, ports);
      stage = 'ResampleVolume';
      const resampled = await resampleVolume({ ...work, converted, built }, ports);
      stage = 'CertifyCase';
      const { roi, scanId, seriesDescription, modality } = target;
      const done = { ...work, seriesUid, roi, converted, built, resampled };
      const certified = await certifyCase({ ...done, slices }, ports);
      stage = 'PublishResources';
      const finished = { ...done, scanId, seriesDescription, modality, certified };
      const published = await publishResources(finished, ports);
      stage = 'RegisterCase';
      await registerCase({ ...finished, published }, ports);
    });
    if (error) await quarantine(session, target, one, { stage, ...lambdaFailure(error) }, ports);
  }
}

function lambdaFailure(error: unknown): { error: string; cause: string } {
  const { name, message } = error as Error;
  return { error: name, cause: JSON.stringify({ errorType: name, errorMessage: message }) };
}

async function quarantine(
  session: SessionContext,
  target: SeriesTarget,
  one: CaseTarget,
  failed: { stage: string; error: string; cause: string },
  ports: Ports,
): Promise<void> {
  const { seriesUid, scanId, seriesDescription, modality, roi } = target;
  await quarantineCase(
    { session, seriesUid, scanId, seriesDescription, modality, roi, cases: [one], ...failed },
    ports,
  );
}

async function attempt(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof Crash) throw error;
    return error;
  }
}

/** Delivers a message as SQS does: again, until it was handled. */
export async function deliver(message: unknown, ports: MemoryPorts, faulty: Ports = ports): Promise<void> {
  try {
    await routeEvent(message, faulty);
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    await routeEvent(message, ports);
  }
}

/** Runs every execution that was started and every recovery hint, until nothing is left to do. */
export async function settle(ports: MemoryPorts, faulty: Ports = ports): Promise<void> {
  let using = faulty;
  for (;;) {
    const open = ports.workflows.executions.find(({ status }) => status === 'RUNNING');
    if (open) {
      using = (await runExecution(open, using, ports)) ? using : ports;
      continue;
    }
    const recovery = ports.hints.sent.shift();
    if (!recovery) return;
    await routeEvent(recovery.hint, ports);
  }
}

/** @returns false when it crashed, upon which the crash is over and its events arrive. */
async function runExecution(execution: MemoryExecution, using: Ports, ports: MemoryPorts): Promise<boolean> {
  const input = execution.input as PrepareSessionInput;
  try {
    await prepareSession(input, using);
    execution.status = 'SUCCEEDED';
    return true;
  } catch (error) {
    const crashed = error instanceof Crash;
    execution.status = crashed ? 'ABORTED' : 'FAILED';
    await recoverSession(input, error instanceof PipelineError ? error.code : null, ports);
    return !crashed;
  }
}

/** Ports whose n-th call ends the process, before or after it took effect. */
export function crashingPorts(ports: MemoryPorts, atCall: number, after: boolean): Ports {
  let calls = 0;
  const guard = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          calls += 1;
          const crash = calls === atCall;
          if (crash && !after) throw new Crash(`before call ${calls}`);
          const result: unknown = await Reflect.apply(member, target, args);
          if (crash) throw new Crash(`after call ${calls}`);
          return name === 'openBlob' ? guard(result as BlobUpload) : result;
        };
      },
    });
  const { records, objects, hints, archives } = ports;
  const workflows = guard(ports.workflows);
  return {
    ...ports,
    records: guard(records),
    objects: guard(objects),
    hints: guard(hints),
    archives: guard(archives),
    workflows,
  };
}
