import { describe, expect, it } from 'vitest';
import { type CutFacts, cutOf } from './cut.js';

/** Two blocks without BatchNorm, then two with it. */
const facts: CutFacts = { hasBatchNorm: [false, false, true, true], frozenBatchNorm: 'TRAIN', imagesVary: false };
const blocks = (...lrMultipliers: number[]) => ({ part: 'BLOCKS', lrMultipliers }) as const;

describe('a cut', () => {
  it('is before the first block that learns, where nothing before it changes', () => {
    expect(cutOf(blocks(0, 0, 0, 2), { ...facts, frozenBatchNorm: 'EVAL' })).toEqual({
      prefixEnd: 3,
      isPrefixCached: true,
    });
  });

  it('leaves no prefix where a BatchNorm before that block moves', () => {
    expect(cutOf(blocks(0, 0, 0, 2), facts)).toEqual({ prefixEnd: 0, isPrefixCached: false });
  });

  it('does not ask for BatchNorm behind the prefix', () => {
    expect(cutOf(blocks(0, 0, 1, 0), facts)).toEqual({ prefixEnd: 2, isPrefixCached: true });
  });

  it('keeps no features of images that vary', () => {
    expect(cutOf(blocks(0, 0, 1, 0), { ...facts, imagesVary: true })).toEqual({ prefixEnd: 2, isPrefixCached: false });
  });

  it('leaves no prefix where the first block learns', () => {
    expect(cutOf(blocks(1, 0, 0, 0), facts)).toEqual({ prefixEnd: 0, isPrefixCached: false });
  });

  it('is before the classifier where that alone learns, whatever BatchNorm is told', () => {
    const probe = { part: 'CLASSIFIER', lrMultipliers: [0, 0, 0, 1] } as const;
    expect(cutOf(probe, facts)).toEqual({ prefixEnd: 'CLASSIFIER', isPrefixCached: true });
    expect(cutOf(probe, { ...facts, imagesVary: true })).toMatchObject({ isPrefixCached: false });
  });

  it('is refused for a stage that trains nothing', () => {
    expect(() => cutOf(blocks(0, 0, 0, 0), facts)).toThrow('none of 4 blocks is trained');
  });
});
