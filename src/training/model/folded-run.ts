import { type Tensor, tf } from '../device/backend.js';
import { CONV, DEPTHWISE_CONV, isPointwise, pointwiseConv } from '../ops/conv-kernels.js';
import type { FoldedConv, FoldedLayer, FoldedParts } from './folded-layers.js';
import { add, addBias, concatChannels, relu, relu6 } from '../ops/kernels.js';
import { type LayerContext, runInTurn, runLayers } from './layer-run.js';

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
    case 'foldedParts':
      return runParts(layer, input, context);
    default:
      return runLayers([layer], input, context);
  }
}

function runParts({ join, parts }: FoldedParts, input: Tensor, context: FoldedContext): Tensor {
  const outputs = parts.map((part) => runFolded(part, input, context));
  const [first, second] = outputs;
  const output = join === 'add' && first && second ? add(first, second) : concatChannels(outputs);
  tf.dispose(outputs);
  return output;
}

function runConv(folded: FoldedConv, input: Tensor, context: FoldedContext): Tensor {
  const { conv, activation } = folded;
  const [filter, bias] = context.folded(folded);
  if (filter === undefined) throw new Error(`no filter of ${conv.name}`);
  // With a bias, TensorFlow makes one op of all this in a traced function, with the same bits.
  const finished = (product: Tensor) => activated(bias === undefined ? product : addBias(product, bias), activation);
  return tf.tidy(() => {
    if (conv.type === 'conv' && isPointwise(conv)) return pointwiseConv(input, filter, finished);
    return finished((conv.type === 'conv' ? CONV : DEPTHWISE_CONV).forward(input, filter, conv));
  });
}

function activated(output: Tensor, activation: FoldedConv['activation']): Tensor {
  if (activation === undefined) return output;
  return activation === 'relu' ? relu(output) : relu6(output);
}
