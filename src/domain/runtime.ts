import { z } from 'zod';
import { DomainError } from './errors.js';

/** What TensorFlow may run its ops on. */
export const DEVICES = ['CPU', 'GPU'] as const;
export type Device = (typeof DEVICES)[number];

/** Compiled TensorFlow functions, or one op after the other. */
export const EXECUTIONS = ['TRACED', 'EAGER'] as const;
export type Execution = (typeof EXECUTIONS)[number];

/**
 * The instructions that oneDNN's kernels may use, by the names that its ONEDNN_MAX_CPU_ISA takes, smallest first; GENERIC for
 * a processor that has none of them.
 */
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

/**
 * What a job asks of its trainings' bits. BITWISE: all run as the first one did, and any other is refused, so that a repeat
 * gives the same weights. RECORDED: each runs wherever there is room, and the result says how; its genomes still follow from
 * the recorded figures alone.
 */
export const REPRODUCIBILITIES = ['BITWISE', 'RECORDED'] as const;
export type Reproducibility = (typeof REPRODUCIBILITIES)[number];

/** How TensorFlow runs, as far as it changes the bits of a result. */
export const runtimeSchema = z
  .strictObject({
    tensorflowVersion: z.string(),
    device: z.enum(DEVICES),
    /** Whether oneDNN's kernels run; training is up to 2.8 times slower without them. */
    oneDnn: z.boolean(),
    /** Threads of one op. */
    intraOpThreadCount: z.int().positive(),
    /** Ops at a time. */
    interOpThreadCount: z.int().positive(),
    /** Of the processor, up to the deployment's ONEDNN_MAX_CPU_ISA. */
    instructionSet: z.enum(INSTRUCTION_SETS),
    /** EAGER, slower, where the tfjs-node addon was compiled without our patch. */
    execution: z.enum(EXECUTIONS),
    /** Where the device is a GPU and its driver tells. */
    gpuModel: z.string().optional(),
    gpuDriverVersion: z.string().optional(),
  })
  .meta({ id: 'Runtime' });
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
