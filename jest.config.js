/** Unit, contract and architecture tests; other tools, the deployed stack and the browser have projects of their own. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' } },
    ],
  },
};

/** Interfaces and types: no statement that could run, so nothing to cover. */
const TYPES_ONLY = [
  'src/api/call.ts',
  'src/**/*.d.ts',
  'src/imaging/contour/structure-set.ts',
  'src/imaging/dicom/slice.ts',
  'src/imaging/mask/{label-map-entry,mask-target,mask-warning}.ts',
  'src/imaging/segmentation/seg-object.ts',
  'src/ports/*.ts',
];

export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/{unit,contract,architecture,infra,local}/**/*.test.ts'],
    },
    {
      ...common,
      displayName: 'peers',
      testMatch: ['<rootDir>/test/peers/**/*.test.ts'],
    },
    {
      ...common,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/integration/**/*.test.ts'],
      globalSetup: '<rootDir>/test/integration/global-setup.ts',
      globalTeardown: '<rootDir>/test/integration/global-teardown.ts',
    },
    {
      ...common,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
      globalSetup: '<rootDir>/test/e2e/global-setup.ts',
      globalTeardown: '<rootDir>/test/integration/global-teardown.ts',
    },
  ],
  testSequencer: './test/integration/sequencer.ts',
  collectCoverageFrom: ['src/**/*.ts', ...TYPES_ONLY.map((file) => `!${file}`)],
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'json'],
  coverageDirectory: '.cache/coverage',
  coverageThreshold: { global: { lines: 95, branches: 90 } },
  // Generous, because a busy machine is no failure; a test that hangs still ends.
  testTimeout: 60_000,
};
