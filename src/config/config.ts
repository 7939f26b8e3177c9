import { availableParallelism, hostname } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { DEVICES, INSTRUCTION_SETS, REPRODUCIBILITIES } from '../domain/runtime.js';
import { packageRoot } from './package-root.js';

/** Nest's token of the settings of a role; a class takes the few that it needs. */
export const CONFIG = Symbol('CONFIG');

const port = (byDefault: number) => z.coerce.number().int().min(1).max(65535).default(byDefault);

/** A bound of an upload, at most what S3 takes in one piece. */
const uploadMib = (byDefault: number) => z.coerce.number().int().min(1).max(5120).default(byDefault);

/** A folder or file; a relative one is relative to the package, not to the caller's folder. */
const packagePath = (byDefault: string) =>
  z
    .string()
    .default(byDefault)
    .transform((path) => resolve(packageRoot, path));

const common = z.object({
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

const databaseUrl = z.object({ DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }) });

const s3Server = z.object({
  /** Any S3 with SigV4: AWS, SeaweedFS, MinIO, Garage … */
  S3_ENDPOINT: z.url({ protocol: /^https?$/ }),
  S3_ACCESS_KEY: z.string().min(1),
  S3_SECRET_KEY: z.string().min(1),
});

const storeDefaults = z.object({
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(100).default(10),
  S3_REGION: z.string().default('us-east-1'),
  /** Bucket for artifacts and model versions; made at start when it does not exist. */
  S3_BUCKET: z.string().default('biotune'),
});

/** Where rows and bytes are. */
const stores = z.object({ ...databaseUrl.shape, ...s3Server.shape, ...storeDefaults.shape });

const apiListeners = z.object({
  /** Loopback by default: there is no authentication yet. */
  LISTEN_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: port(8080),
  GRPC_PORT: port(9090),
});

const jobDefaults = z.object({
  /** The policy of jobs whose request names none; standalone, with its one machine, has BITWISE. */
  REPRODUCIBILITY_DEFAULT: z.enum(REPRODUCIBILITIES).default('RECORDED'),
});

const hostAndPort = z.string().regex(/^[^\s/]+:\d+$/, { error: 'must be host:port' });

/** Timing of leases; a heartbeat is sent every third, and the reaper looks every sixth of a lease. */
const leases = z.object({ LEASE_SECONDS: z.coerce.number().min(1).max(300).default(30) });

/** What a worker may upload at once, by the task that it works on. The store itself refuses any other size than was announced. */
const uploadBounds = z.object({
  /** The bound for an import: packed images, or their manifest. */
  UPLOAD_PACK_MIB_MAX: uploadMib(1024),
  /** The bound for a training: the weights, or a checkpoint, which is four times as large where all learns by Adam. */
  UPLOAD_WEIGHTS_MIB_MAX: uploadMib(4096),
  /** The bound for a scoring: its report. */
  UPLOAD_REPORT_MIB_MAX: uploadMib(256),
});

const workerCache = z.object({
  /** The workers of a machine share it. */
  WORKER_CACHE_DIR: packagePath('.data/worker-cache'),
  /** The size of its files together; those unused for longest are deleted before each task, but none of the last hour. */
  WORKER_CACHE_MIB_MAX: z.coerce.number().int().min(0).default(10_240),
});

const sweepAges = z.object({
  /** A blob that no row names, and what failed or cancelled jobs have made, stays at least so long. */
  SWEEP_BLOB_AGE_HOURS: z.coerce.number().min(1).max(87_600).default(168),
  /** The curves of a job's trainings stay so long after its end. */
  SWEEP_METRICS_AGE_DAYS: z.coerce.number().min(1).max(3650).default(90),
});

/** The settings that workers pass on to their trainer processes, and a pool to its workers. */
export const trainersConfigSchema = z.object({
  /** The device that trainings run on. A GPU that is configured and cannot be used is an error at start. */
  TENSORFLOW_DEVICE: z.enum(DEVICES).default('CPU'),
  /** The largest instructions that oneDNN's kernels may use, so that processors of several kinds give the same bits; any when absent. */
  ONEDNN_MAX_CPU_ISA: z.enum(INSTRUCTION_SETS).exclude(['GENERIC']).optional(),
  /** A trainer process that says nothing for longer than this, not even that an epoch has ended, is hung: an epoch must take less. */
  TRAINER_SILENCE_SECONDS_MAX: z.coerce.number().min(1).max(86_400).default(1800),
  /** A trainer process that is larger than this after a task is replaced. */
  TRAINER_RSS_MIB_MAX: z.coerce.number().int().min(256).default(4096),
  /** The time between two checkpoints of a training: a crash loses at most that, and the epoch that was under way. */
  TRAINER_CHECKPOINT_SECONDS: z.coerce.number().min(0).max(86_400).default(120),
  /** The memory for features of frozen blocks, which the trainings of a process share; the rest goes to a file. */
  TRAINER_FEATURE_MEMORY_MIB_MAX: z.coerce.number().int().min(0).default(1024),
  /** The size of such files; features beyond it are computed again for each batch. */
  TRAINER_FEATURE_DISK_MIB_MAX: z.coerce.number().int().min(0).default(20_480),
});

const coordination = z.object({
  ...leases.shape,
  ...sweepAges.shape,
  ...uploadBounds.shape,
  /** The time from the end of one sweep to the next; at 0 there are no sweeps but those of `node . sweep`. */
  SWEEP_INTERVAL_SECONDS: z.coerce.number().min(0).max(604_800).default(3600),
  ...trainersConfigSchema.shape,
  /** A job that the infrastructure keeps from all progress for longer than this is paused, until someone resumes it. */
  JOB_STALLED_SECONDS_MAX: z.coerce.number().min(1).max(2_592_000).default(21_600),
  WORKER_GRPC_HOST: z.string().default('127.0.0.1'),
  WORKER_GRPC_PORT: port(9091),
  /** Where workers find WorkerService, when that is not where it listens: behind a proxy, say, or when it listens on all addresses. */
  WORKER_GATEWAY_ADDRESS: hostAndPort.optional(),
  /** Health routes of the coordinator. */
  COORDINATOR_HTTP_PORT: port(8081),
  /** Key of the tokens that bind a worker to one job. */
  WORKER_TOKEN_SECRET: z.string().min(32),
  /** A worker's token ends so long after it was made; workers get another before that, unless they are cut off for half of it. */
  WORKER_TOKEN_SECONDS: z.coerce.number().int().min(60).max(604_800).default(3600),
  /** Worker processes that the pool runs at most, over all jobs; when absent, one a core, or one on a GPU. */
  POOL_WORKER_COUNT_MAX: z.coerce.number().int().min(1).max(256).optional(),
  ...workerCache.shape,
  /** Folders of base models, each with a base-model.json and its weights. */
  BASE_MODEL_DIR: packagePath('assets'),
});

export const apiConfigSchema = z.object({
  ...common.shape,
  ...stores.shape,
  ...apiListeners.shape,
  ...jobDefaults.shape,
});

export const coordinatorConfigSchema = z.object({
  ...common.shape,
  ...stores.shape,
  ...coordination.shape,
  ...jobDefaults.shape,
  LISTEN_HOST: z.string().default('127.0.0.1'),
});

export const sweepConfigSchema = z.object({ ...common.shape, ...stores.shape, ...sweepAges.shape });

export const workerConfigSchema = z.object({
  ...common.shape,
  ...trainersConfigSchema.shape,
  /** host:port of the coordinator's WorkerService. */
  COORDINATOR_ADDRESS: hostAndPort,
  WORKER_TOKEN: z.string().min(1),
  WORKER_ID: z.string().default(`${hostname()}-${process.pid}`),
  ...workerCache.shape,
  /** Threads of TensorFlow's operators; changes the bits of a result. */
  WORKER_THREAD_COUNT: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
});

/** The settings that a trainer process reads. */
export const trainerConfigSchema = z.object({
  ...trainersConfigSchema.shape,
  /** Holds checkpoints, and features that memory has no room for in files that end with the process. */
  TRAINER_STATE_DIR: z.string().min(1),
});

const S3_KEYS = ['S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'] as const;

export const standaloneConfigSchema = z
  .object({
    ...common.shape,
    ...databaseUrl.partial().shape,
    ...s3Server.partial().shape,
    ...storeDefaults.shape,
    ...apiListeners.shape,
    ...coordination.shape,
    REPRODUCIBILITY_DEFAULT: jobDefaults.shape.REPRODUCIBILITY_DEFAULT.unwrap().default('BITWISE'),
    WORKER_TOKEN_SECRET: z.string().min(32).optional(),
    /** Holds the embedded Postgres and S3 server; not used for what DATABASE_URL or S3_ENDPOINT names. */
    STANDALONE_DATA_DIR: packagePath('.data'),
    SEAWEEDFS_BINARY: packagePath('.cache/seaweedfs/weed'),
  })
  .superRefine((config, context) => {
    const missing = S3_KEYS.filter((key) => config[key] === undefined);
    if (missing.length === 0 || missing.length === S3_KEYS.length) return;
    for (const key of missing) {
      context.addIssue({
        code: 'custom',
        path: [key],
        message: `is missing; set all of ${S3_KEYS.join(', ')} or none`,
      });
    }
  });

export type StoresConfig = Readonly<z.infer<typeof stores>>;
export type JobDefaultsConfig = Readonly<z.infer<typeof jobDefaults>>;
export type ApiConfig = Readonly<z.infer<typeof apiConfigSchema>>;
export type CoordinatorConfig = Readonly<z.infer<typeof coordinatorConfigSchema>>;
export type SweepConfig = Readonly<z.infer<typeof sweepConfigSchema>>;
export type WorkerConfig = Readonly<z.infer<typeof workerConfigSchema>>;
export type TrainersConfig = Readonly<z.infer<typeof trainersConfigSchema>>;
export type StandaloneConfig = Readonly<z.infer<typeof standaloneConfigSchema>>;

/**
 * Reads a role's settings from the environment, the only place that looks at it.
 *
 * @throws {Error} when a variable is bad; it names every such one at once.
 */
export function readConfig<S extends z.ZodType>(
  schema: S,
  environment: NodeJS.ProcessEnv = process.env,
): Readonly<z.output<S>> {
  const read = schema.safeParse(environment);
  if (read.success) return Object.freeze(read.data);
  const problems = read.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The environment does not fit:\n${problems.join('\n')}`);
}

/** Settings as the environment that `readConfig` reads them from, for a child process. */
export function environmentOf(config: TrainersConfig): NodeJS.ProcessEnv {
  const present = Object.entries(config).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, String(value)]));
}
