import type { Tensor } from '../device/backend.js';
import { add, concatChannels, splitChannels } from '../ops/kernels.js';

/** A forward pass that can be run backward, once. */
export interface Recording {
  /** Disposed by whoever requested the recording. */
  readonly output: Tensor;
  /** Whether `backward` reads the layer's input; if not, it may be disposed before. */
  readonly needsInput: boolean;
  /** Whether `backward` reads `output`. */
  readonly needsOutput: boolean;
  /**
   * Reports the gradients of the parameters and disposes what the forward pass kept.
   *
   * @param outputGradient Stays the caller's.
   * @returns The gradient of the input, which the caller disposes; undefined when it was not wanted.
   */
  readonly backward: (outputGradient: Tensor, wantsInputGradient: boolean) => Tensor | undefined;
}

/** Records one step after the other; disposes every value in between as soon as no gradient needs it any more. */
export function recordChain(steps: readonly ((input: Tensor) => Recording)[], input: Tensor): Recording {
  const done: Recording[] = [];
  for (const step of steps) {
    const previous = done.at(-1);
    const recording = step(previous?.output ?? input);
    if (previous !== undefined && !previous.needsOutput && !recording.needsInput) previous.output.dispose();
    done.push(recording);
  }
  const last = done.at(-1);
  if (last === undefined) return passOn(input);
  return {
    output: last.output,
    needsInput: done[0]?.needsInput ?? false,
    needsOutput: last.needsOutput,
    backward: (outputGradient, wantsInputGradient) => chainBackward(done, outputGradient, wantsInputGradient),
  };
}

function chainBackward(done: readonly Recording[], outputGradient: Tensor, wantsInputGradient: boolean) {
  let gradient: Tensor | undefined = outputGradient;
  for (const [index, recording] of [...done.entries()].reverse()) {
    if (gradient === undefined) throw new Error('a layer gave no gradient to the one before it');
    const next: Tensor | undefined = recording.backward(gradient, wantsInputGradient || index > 0);
    if (gradient !== outputGradient) gradient.dispose();
    if (index < done.length - 1) recording.output.dispose();
    gradient = next;
  }
  return gradient;
}

/** Records nothing: the output is the input. */
function passOn(input: Tensor): Recording {
  return {
    output: input.clone(),
    needsInput: false,
    needsOutput: false,
    backward: (outputGradient, wantsInputGradient) => (wantsInputGradient ? outputGradient.clone() : undefined),
  };
}

/** The sum of two recordings of one input; takes both over. */
export function recordSum(a: Recording, b: Recording): Recording {
  return joined([a, b], add(a.output, b.output), (gradient) => [gradient.clone(), gradient.clone()]);
}

/** Recordings of one input side by side along the channels; takes them over. */
export function recordConcat(branches: readonly Recording[]): Recording {
  const channelCounts = branches.map(({ output }) => output.shape.at(-1) ?? 0);
  const output = concatChannels(branches.map((branch) => branch.output));
  return joined(branches, output, (gradient) => splitChannels(gradient, channelCounts));
}

/** @param split The gradient of each branch's output from that of `output`. */
function joined(branches: readonly Recording[], output: Tensor, split: (gradient: Tensor) => Tensor[]): Recording {
  for (const branch of branches) if (!branch.needsOutput) branch.output.dispose();
  return {
    output,
    needsInput: branches.some(({ needsInput }) => needsInput),
    needsOutput: false,
    backward: (outputGradient, wantsInputGradient) => {
      const gradients = split(outputGradient);
      let sum: Tensor | undefined;
      for (const [index, branch] of branches.entries()) {
        const gradient = gradients[index];
        if (gradient === undefined) throw new Error(`no gradient for branch ${index}`);
        sum = moved(sum, branch.backward(gradient, wantsInputGradient));
        gradient.dispose();
        branch.output.dispose();
      }
      return sum;
    },
  };
}

/** @returns `sum + term`, having disposed both. */
function moved(sum: Tensor | undefined, term: Tensor | undefined): Tensor | undefined {
  if (sum === undefined || term === undefined) return term ?? sum;
  const total = add(sum, term);
  sum.dispose();
  term.dispose();
  return total;
}
