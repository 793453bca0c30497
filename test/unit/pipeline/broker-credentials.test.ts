import { describe, expect, it } from '@jest/globals';
import { brokerCredentials } from '../../../src/pipeline/broker-credentials.ts';
import type { JobDescription } from '../../../src/ports/index.ts';
import { createMemoryPorts } from '../../helpers/memory-ports.ts';

function fixture(parameters: Record<string, string>, status: JobDescription['status'] = 'RUNNING') {
  const ports = createMemoryPorts();
  const open = { statusReason: null, jobDefinition: 'd', logStreamName: null, exitCode: null, attempts: 0 };
  ports.jobs.known.set('job-1', { jobId: 'job-1', status, parameters, ...open });
  const ask = (jobId = 'job-1') => brokerCredentials({ schemaVersion: 1, jobId }, 'bucket', ports);
  return { ports, ask };
}

describe('brokerCredentials', () => {
  it.each(['train', 'evaluate'])('lets a job that does %s write to its own run only', async (action) => {
    const { ask, ports } = fixture({ action, project: 'P1', runId: 'run-1' });
    expect(await ask()).toMatchObject({
      bucket: 'bucket',
      readPrefixes: [
        'projects/P1/blobs/',
        'projects/P1/datasets/',
        'projects/P1/models/',
        'projects/P1/runs/run-1/',
      ],
      writePrefixes: ['projects/P1/runs/run-1/'],
    });
    expect(ports.credentials.issued[0]?.sessionName).toBe('job-job-1');
  });

  it('lets an export write to its own export only', async () => {
    const { ask } = fixture({ action: 'export', project: 'P1', runId: 'export-1' });
    expect((await ask()).writePrefixes).toEqual(['projects/P1/exports/export-1/']);
  });

  it('lets an imaging stage write blobs, working files and certificates of its project', async () => {
    const { ask } = fixture({ stage: 'build-mask', project: 'P1' }, 'STARTING');
    expect((await ask()).writePrefixes).toEqual([
      'projects/P1/blobs/',
      'projects/P1/work/',
      'projects/P1/cases/',
    ]);
  });

  it.each([
    ['is over', { action: 'train', project: 'P1', runId: 'r' }, 'SUCCEEDED' as const],
    ['has no project', { action: 'train', runId: 'r' }, 'RUNNING' as const],
    ['has no run', { action: 'train', project: 'P1' }, 'RUNNING' as const],
    ['does something else', { action: 'mine', project: 'P1', runId: 'r' }, 'RUNNING' as const],
  ])('refuses a job that %s', async (_name, parameters, status) => {
    const { ask, ports } = fixture(parameters, status);
    await expect(ask()).rejects.toMatchObject({ code: 'Forbidden' });
    expect(ports.credentials.issued).toEqual([]);
  });

  it('refuses a job that does not exist', async () => {
    await expect(fixture({}).ask('job-9')).rejects.toMatchObject({ code: 'Forbidden' });
  });
});
