import { type Tensor, tf } from '../device/backend.js';
import { CONV, DEPTHWISE_CONV } from '../ops/conv-kernels.js';
import { type FoldedConv, type FoldedLayer, type FoldedParts, foldedTensorCount } from './folded-layers.js';
import { batchNormWithRunningStatistics } from '../ops/batch-norm.js';
import { activated, convWithEnd, depthwiseConvWithEnd, type PixelwiseEnd } from '../ops/joined-kernels.js';
import { add, concatChannels } from '../ops/kernels.js';
import { batchNormParameters, type LayerContext, runInTurn, runLayers } from './layer-run.js';

/** What folded layers need beside their input. */
export interface FoldedContext extends LayerContext {
  /** The tensors that `foldedTensors` gave; they stay the owner's. */
  readonly folded: (conv: FoldedConv) => readonly Tensor[];
}

/**
 * Runs folded layers. Ops only, so that it can be traced.
 *
 * @param input Stays the caller's.
 * @returns A new tensor, which the caller disposes.
 */
export function runFolded(layers: readonly FoldedLayer[], input: Tensor, context: FoldedContext): Tensor {
  return runInTurn(layers, input, (layer, current) => runLayer(layer, current, context));
}

function runLayer(layer: FoldedLayer, input: Tensor, context: FoldedContext): Tensor {
  switch (layer.type) {
    case 'foldedConv':
      return runConv(layer, input, context);
    case 'foldedNorm':
      return batchNormWithRunningStatistics(
        input,
        batchNormParameters(layer.norm, context),
        layer.norm,
        layer.activation,
      );
    case 'foldedParts':
      return runParts(layer, input, context);
    default:
      return runLayers([layer], input, context);
  }
}

function runParts({ join, parts, activation }: FoldedParts, input: Tensor, context: FoldedContext): Tensor {
  const [branch = [], shortcut = []] = parts;
  if (join === 'add') return runSum(branch, shortcut, activation, input, context);
  const outputs = parts.map((part) => runFolded(part, input, context));
  const output = concatChannels(outputs);
  tf.dispose(outputs);
  return output;
}

function runSum(
  branch: readonly FoldedLayer[],
  shortcut: readonly FoldedLayer[],
  activation: FoldedParts['activation'],
  input: Tensor,
  context: FoldedContext,
): Tensor {
  const last = branch.at(-1);
  return tf.tidy(() => {
    const summand = runFolded(shortcut, input, context);
    if (last?.type !== 'foldedConv' || !canAdd(last)) {
      return activated(add(runFolded(branch, input, context), summand), activation);
    }
    const rest = runFolded(branch.slice(0, -1), input, context);
    return runConv(last, rest, context, { summand, activation });
  });
}

/** Whether a convolution can add something to its output before the activation. */
const canAdd = (folded: FoldedConv): boolean =>
  folded.conv.type === 'conv' && folded.activation === undefined && foldedTensorCount(folded) === 2;

/** @param end What follows beside the bias. */
function runConv(
  folded: FoldedConv,
  input: Tensor,
  context: FoldedContext,
  end: Omit<PixelwiseEnd, 'bias'> = { activation: folded.activation },
): Tensor {
  const { conv } = folded;
  const [filter, bias] = context.folded(folded);
  if (filter === undefined) throw new Error(`no filter of ${conv.name}`);
  const [plain, joined] =
    conv.type === 'conv' ? [CONV, convWithEnd] : ([DEPTHWISE_CONV, depthwiseConvWithEnd] as const);
  if (bias !== undefined) return joined(input, filter, conv, { ...end, bias });
  return tf.tidy(() => activated(plain.forward(input, filter, conv), end.activation));
}
