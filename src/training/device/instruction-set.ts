import { INSTRUCTION_SETS, type InstructionSet } from '../../domain/runtime.js';

const AVX2 = ['sse4_1', 'avx', 'avx2'];
const AVX2_VNNI = [...AVX2, 'avx_vnni'];
const AVX512_CORE = [...AVX2, 'avx512f', 'avx512bw', 'avx512dq', 'avx512vl'];
const AVX512_CORE_VNNI = [...AVX512_CORE, 'avx512_vnni'];
const AVX512_CORE_BF16 = [...AVX512_CORE_VNNI, 'avx512_bf16'];
const AVX512_CORE_FP16 = [...AVX512_CORE_BF16, 'avx_vnni', 'avx512_fp16'];
const AVX512_CORE_AMX = [...AVX512_CORE_FP16, 'amx_tile', 'amx_int8', 'amx_bf16'];

/** What Linux calls the features that oneDNN wants for each (its `cpu_isa_traits.hpp`). */
const FEATURES: Readonly<Record<InstructionSet, readonly string[]>> = {
  GENERIC: [],
  SSE41: ['sse4_1'],
  AVX: ['sse4_1', 'avx'],
  AVX2,
  AVX2_VNNI,
  AVX2_VNNI_2: [...AVX2_VNNI, 'avx_vnni_int8', 'avx_ne_convert'],
  AVX512_CORE,
  AVX512_CORE_VNNI,
  AVX512_CORE_BF16,
  AVX512_CORE_FP16,
  AVX512_CORE_AMX,
  AVX512_CORE_AMX_FP16: [...AVX512_CORE_AMX, 'amx_fp16'],
};

/**
 * The largest instructions that a processor has and that oneDNN may use.
 *
 * @param cpuFlags The flags that Linux's `/proc/cpuinfo` shows.
 * @param cap ONEDNN_MAX_CPU_ISA; like oneDNN, any is allowed when this is none of its names.
 */
export function largestInstructionSet(cpuFlags: ReadonlySet<string>, cap: string | undefined): InstructionSet {
  const capName = INSTRUCTION_SETS.find((name) => name === cap?.toUpperCase());
  const allowed = capName === undefined ? cpuFlags : new Set(FEATURES[capName]);
  const usable = INSTRUCTION_SETS.filter((name) =>
    FEATURES[name].every((feature) => cpuFlags.has(feature) && allowed.has(feature)),
  );
  return usable.at(-1) ?? 'GENERIC';
}
