import { z } from 'zod';
import { DomainError } from './errors.js';

/** What TensorFlow may run its ops on. */
export const DEVICES = ['CPU', 'GPU'] as const;
export type Device = (typeof DEVICES)[number];

/** How TensorFlow may run its ops. */
export const EXECUTIONS = ['TRACED', 'EAGER'] as const;
export type Execution = (typeof EXECUTIONS)[number];

/** The values of `instructionSet`, smallest first. */
export const INSTRUCTION_SETS = [
  'GENERIC',
  'SSE41',
  'AVX',
  'AVX2',
  'AVX2_VNNI',
  'AVX2_VNNI_2',
  'AVX512_CORE',
  'AVX512_CORE_VNNI',
  'AVX512_CORE_BF16',
  'AVX512_CORE_FP16',
  'AVX512_CORE_AMX',
  'AVX512_CORE_AMX_FP16',
] as const;
export type InstructionSet = (typeof INSTRUCTION_SETS)[number];

/** What a job may ask of its trainings' bits. */
export const REPRODUCIBILITIES = ['BITWISE', 'RECORDED'] as const;
export const reproducibilitySchema = z
  .enum(REPRODUCIBILITIES)
  .describe(
    "What a job asks of its trainings' bits; where a request says nothing, the deployment's default: BITWISE in " +
      'standalone, else RECORDED. BITWISE: all trainings run as the first one did, and any other is refused, so that a ' +
      'repeat gives the same weights. RECORDED: each training runs wherever there is room, and the result says how; ' +
      'the genomes still follow from the recorded figures alone.',
  );
export type Reproducibility = (typeof REPRODUCIBILITIES)[number];

export const runtimeSchema = z
  .strictObject({
    tensorflowVersion: z.string().describe('The version of TensorFlow.'),
    device: z.enum(DEVICES).describe('What TensorFlow runs its ops on.'),
    oneDnn: z.boolean().describe("Whether oneDNN's kernels run; training is up to 2.8 times slower without them."),
    intraOpThreadCount: z.int().positive().describe('The number of threads of one op.'),
    interOpThreadCount: z.int().positive().describe('The number of ops at a time.'),
    instructionSet: z
      .enum(INSTRUCTION_SETS)
      .describe(
        "The instructions that oneDNN's kernels may use, by the names of its ONEDNN_MAX_CPU_ISA: those of " +
          "the processor, up to the deployment's bound. GENERIC: the processor has none that oneDNN knows.",
      ),
    execution: z
      .enum(EXECUTIONS)
      .describe(
        'How ops run. TRACED: as compiled functions. EAGER: one by one, which is slower, because the ' +
          'tfjs-node addon was compiled without the patch.',
      ),
    gpuModel: z
      .string()
      .optional()
      .describe('The model of the GPU; present where the device is one and its driver tells.'),
    gpuDriverVersion: z
      .string()
      .optional()
      .describe("The version of the GPU's driver; present where the device is a GPU and its driver tells."),
  })
  .meta({ id: 'Runtime', description: 'How TensorFlow runs, as far as it changes the bits of a result.' });
export type Runtime = Readonly<z.infer<typeof runtimeSchema>>;

const NAMES = Object.keys(runtimeSchema.shape) as readonly (keyof Runtime)[];

/**
 * Says where a runtime differs from the job's.
 *
 * @returns a RUNTIME_MISMATCH that names each differing setting with both values; undefined when they are equal.
 */
export function runtimeMismatch(own: Runtime, ofJob: Runtime): DomainError | undefined {
  const differing = NAMES.filter((name) => own[name] !== ofJob[name]);
  if (differing.length === 0) return undefined;
  const text = (value: Runtime[keyof Runtime]) => String(value ?? 'unknown');
  const texts = differing.map((name) => `${name} is ${text(own[name])} here and ${text(ofJob[name])} in the job`);
  const metadata = differing.flatMap((name): [string, string][] => [
    [name, text(own[name])],
    [`${name}OfJob`, text(ofJob[name])],
  ]);
  return new DomainError(
    'RUNTIME_MISMATCH',
    `TensorFlow runs otherwise than for the job's first training, so results would not be the same to the bit: ${texts.join('; ')}.`,
    Object.fromEntries(metadata),
  );
}
