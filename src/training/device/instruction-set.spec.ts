import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { INSTRUCTION_SETS, type InstructionSet } from '../../domain/runtime.js';
import { largestInstructionSet } from './instruction-set.js';
import { cpuFlags } from './machine.js';

/** What oneDNN 3 says of itself when ONEDNN_VERBOSE is 1. */
const NAMES: Readonly<Partial<Record<string, InstructionSet>>> = {
  'Intel SSE4.1': 'SSE41',
  'Intel AVX': 'AVX',
  'Intel AVX2': 'AVX2',
  'Intel AVX2 with Intel DL Boost': 'AVX2_VNNI',
  'Intel AVX2 with Intel DL Boost, float16 and bfloat16 support': 'AVX2_VNNI_2',
  'Intel AVX-512 with AVX512BW, AVX512VL, and AVX512DQ extensions': 'AVX512_CORE',
  'Intel AVX-512 with Intel DL Boost': 'AVX512_CORE_VNNI',
  'Intel AVX-512 with Intel DL Boost and bfloat16 support': 'AVX512_CORE_BF16',
  'Intel AVX-512 with float16, Intel DL Boost and bfloat16 support': 'AVX512_CORE_FP16',
  'Intel AVX-512 with float16, Intel DL Boost and bfloat16 support and Intel AMX with bfloat16 and 8-bit integer support':
    'AVX512_CORE_AMX',
};

describe('largestInstructionSet', () => {
  const flags = (text: string) => new Set(text.split(' '));
  const skylake = flags('sse4_1 avx avx2 avx512f avx512bw avx512dq avx512vl');

  it.each<[string, ReadonlySet<string>, string | undefined, InstructionSet]>([
    ['an old processor', flags('sse4_1'), undefined, 'SSE41'],
    ['another kind of processor', flags(''), undefined, 'GENERIC'],
    ['AVX-512', skylake, undefined, 'AVX512_CORE'],
    ['a cap', skylake, 'AVX2', 'AVX2'],
    ['a cap above what there is', skylake, 'AVX512_CORE_AMX', 'AVX512_CORE'],
    ['a cap beside what there is', flags('sse4_1 avx avx2 avx_vnni'), 'AVX512_CORE', 'AVX2'],
    ['a cap that is none', skylake, 'ALL', 'AVX512_CORE'],
  ])('%s', (_, cpu, cap, expected) => {
    expect(largestInstructionSet(cpu, cap)).toBe(expected);
  });

  it.each(['SSE41', 'AVX2', undefined])('is what oneDNN says that it uses, with the cap %s', (cap) => {
    const script = `const tf = require('@tensorflow/tfjs-node');
      tf.conv2d(tf.ones([1, 8, 8, 3]), tf.ones([3, 3, 3, 4]), 1, 'same').dataSync();`;
    const { ONEDNN_MAX_CPU_ISA: _, ...others } = process.env;
    const env = { ...others, ONEDNN_VERBOSE: '1', ...(cap !== undefined && { ONEDNN_MAX_CPU_ISA: cap }) };
    const output = execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
    const [, said = ''] = /info,cpu,isa:(.*)$/m.exec(output) ?? [];
    expect(INSTRUCTION_SETS, said).toContain(NAMES[said]);
    expect(largestInstructionSet(cpuFlags(), cap)).toBe(NAMES[said]);
  });
});
