import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../infra/config.ts';

describe('loadConfig', () => {
  const never = () => {
    throw new Error('no file was named');
  };

  it('deploys to AWS unless told otherwise', () => {
    expect(loadConfig({}, never).target).toBe('aws');
    expect(loadConfig({ CONTOURFLOW_TARGET: 'local' }, never).target).toBe('local');
  });

  it('refuses a target that it does not know', () => {
    expect(() => loadConfig({ CONTOURFLOW_TARGET: 'azure' }, never)).toThrow(/"azure".*aws or local/);
  });

  it('lays the named file over the defaults of the target, deeply', () => {
    const config = loadConfig(
      { CONTOURFLOW_TARGET: 'local', CONTOURFLOW_CONFIG: 'contourflow.json' },
      (path) => ({ 'contourflow.json': { training: { jobVcpus: 1 }, batchVoxelThreshold: 5 } })[path],
    );
    expect(config.batchVoxelThreshold).toBe(5);
    expect(config.training).toMatchObject({ jobVcpus: 1, jobGpus: 0, diskGib: 200 });
  });

  it('keeps data unless told otherwise, except on the machine', () => {
    expect(loadConfig({}, never).retainData).toBe(true);
    expect(loadConfig({ CONTOURFLOW_TARGET: 'local' }, never).retainData).toBe(false);
  });
});
