interface TestFile {
  readonly path: string;
}

/** Runs files in the order of their names, and so those named `zz-` after all others of their project. */
// biome-ignore lint/style/noDefaultExport: jest constructs the default export
export default class NameSequencer {
  sort<T extends TestFile>(tests: readonly T[]): T[] {
    return tests.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  shard<T extends TestFile>(tests: readonly T[]): readonly T[] {
    return tests;
  }

  allFailedTests<T extends TestFile>(tests: readonly T[]): readonly T[] {
    return tests;
  }

  cacheResults(): void {
    // Durations and failures of the last run do not change the order.
  }
}
