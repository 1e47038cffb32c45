// Imports run one way: functions, cli -> pipeline -> engine, lake -> model; stack -> model. See docs/design.
const only = (from, allowed, why) => ({
  name: `${from}-imports`,
  comment: why,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { path: '^(lib|functions|bin)/', pathNot: allowed.map((folder) => `^${folder}/`) },
})
const external = (name, folders) => ({
  name: `${name.replace(/\W/g, '-')}-only-in-${folders.join('-').replace(/\W/g, '-')}`,
  severity: 'error',
  from: { path: '^(lib|functions|bin)/', pathNot: folders.map((folder) => `^${folder}/`) },
  to: { path: `node_modules/${name}` },
})
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only('lib/model', ['lib/model'], 'model imports nothing of ours but itself'),
    only('lib/lake', ['lib/lake', 'lib/model'], 'the lake knows only the model'),
    only('lib/engine', ['lib/engine', 'lib/model'], 'the engine knows only the model'),
    only('lib/pipeline', ['lib/pipeline', 'lib/engine', 'lib/lake', 'lib/model'], 'verbs join engine and lake'),
    only('lib/stack', ['lib/stack', 'lib/model'], 'the stack names functions by path and imports only the model'),
    only('functions', ['functions', 'lib/pipeline', 'lib/engine', 'lib/lake', 'lib/model'], 'thin handlers over the pipeline'),
    only('lib/cli', ['lib/cli', 'functions', 'lib/pipeline', 'lib/engine', 'lib/lake', 'lib/model'], 'the CLI runs the handlers'),
    external('@duckdb', ['lib/engine']),
    external('@aws-sdk/client-s3', ['lib/lake']),
    external('aws-cdk-lib', ['lib/stack', 'bin']),
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' } },
}
