import { describe, expect, it } from '@jest/globals';
import { DeploymentConfig, loadConfig, parseConfig, trainingHostPrices } from '../../infra/config.ts';
import { PRICES_USD_PER_HOUR } from '../../src/contracts/host-prices.ts';

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

describe('trainingHostPrices', () => {
  const training = (over: object = {}) => parseConfig('aws', { training: over }).training;

  it('knows the price of every host that the defaults name', () => {
    const { gpuInstanceTypes, cpuInstanceTypes } = DeploymentConfig.parse({ target: 'aws' }).training;
    for (const type of [...gpuInstanceTypes, ...cpuInstanceTypes]) {
      expect(PRICES_USD_PER_HOUR[type]).toBeGreaterThan(0);
    }
    expect(trainingHostPrices(training()).map(({ instanceType }) => instanceType)).toEqual(gpuInstanceTypes);
    const cpuOnly = trainingHostPrices(training({ cpuOnly: true }));
    expect(cpuOnly.map(({ instanceType }) => instanceType)).toEqual(cpuInstanceTypes);
  });

  it('refuses a host without a price, and takes the price that the configuration gives', () => {
    const over = { gpuInstanceTypes: ['g6.2xlarge', 'p9.huge'] };
    expect(() => training(over)).toThrow(
      /gpuInstanceTypes holds p9\.huge.*choose from g4dn\.xlarge.*pricesUsdPerHour/,
    );
    const prices = trainingHostPrices(
      training({ ...over, pricesUsdPerHour: { 'p9.huge': 7, 'g6.2xlarge': 1.1 } }),
    );
    expect(prices).toEqual([
      { instanceType: 'g6.2xlarge', usdPerHour: 1.1 },
      { instanceType: 'p9.huge', usdPerHour: 7 },
    ]);
  });
});
