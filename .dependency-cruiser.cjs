/** Import rules: contracts <- imaging and ports <- pipeline; adapters implement ports and never meet the pipeline. */
const rule = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });
const AWS = 'node_modules/(@aws-sdk|@aws-lambda-powertools|@middy|@smithy)';
const IO = '^(node:)?(fs|fs/promises|http|https|net|child_process|process|worker_threads)$';

module.exports = {
  forbidden: [
    rule(
      'no-cycles',
      'a cycle hides which part depends on which; a type alone ties nothing at run time',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    rule(
      'no-orphans',
      'a file that nobody imports is dead',
      { orphan: true, path: '^src/', pathNot: ['\\.d\\.ts$', '^src/cli/main\\.ts$'] },
      {},
    ),
    rule(
      'contracts-stand-alone',
      'contracts import zod and each other only',
      { path: '^src/contracts' },
      { path: '^(src|lambdas|infra|local|node_modules)', pathNot: ['^src/contracts', 'node_modules/zod'] },
    ),
    rule(
      'imaging-is-pure',
      'imaging knows contracts, its parser and nothing of the world',
      { path: '^src/imaging' },
      { path: '^(src|lambdas|infra|local)/', pathNot: ['^src/imaging', '^src/contracts'] },
    ),
    rule(
      'imaging-does-no-io',
      'bytes in, bytes out; only the code of a codec is read from its package',
      { path: '^src/imaging', pathNot: '^src/imaging/dicom/codecs/wasm-module\\.ts$' },
      { path: [IO, AWS] },
    ),
    rule(
      'ports-are-interfaces',
      'ports know contracts only',
      { path: '^src/ports' },
      { pathNot: ['^src/ports', '^src/contracts'] },
    ),
    rule(
      'domain-is-pure',
      'rules of datasets, models and training need no outside world',
      { path: '^src/(datasets|models|training)' },
      { path: ['^src/(adapters|pipeline|cli|api)', '^lambdas', IO, AWS] },
    ),
    rule(
      'pipeline-has-no-adapters',
      'a use case gets its abilities as ports',
      { path: '^src/(pipeline|api)' },
      { path: ['^src/(adapters|cli)', '^lambdas', IO, AWS] },
    ),
    rule(
      'adapters-do-not-decide',
      'adapters implement ports',
      { path: '^src/adapters' },
      { path: ['^src/(pipeline|api|datasets|models|training|imaging|cli)', '^lambdas'] },
    ),
    rule(
      'sdk-in-adapters-only',
      'the AWS SDK stays at the edge',
      { path: '^src/', pathNot: ['^src/adapters', '^src/cli'] },
      { path: AWS },
    ),
    rule(
      'lambdas-wire-only-themselves',
      'a handler wires its own stage',
      { path: '^lambdas/([^/_]+)/' },
      { path: '^(lambdas/(?!_shared)|infra|local|src/cli)', pathNot: '^lambdas/$1/' },
    ),
    rule(
      'infra-knows-contracts',
      'stacks refer to handlers by path',
      { path: '^infra/' },
      { path: '^(src|lambdas|local)/', pathNot: '^src/contracts' },
    ),
    rule(
      'web-knows-types',
      'the dashboard takes its data from the API',
      { path: '^web/' },
      { path: '^(src|lambdas|infra|local)/', pathNot: '^src/contracts' },
    ),
    rule('nobody-imports-tests', 'tests are leaves', { pathNot: '^test/' }, { path: '^test/' }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|cdk\\.out[^/]*|\\.venv|dist|\\.contourflow)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
