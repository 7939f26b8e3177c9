import type { Layer } from '../../networks/layers.js';
import { layerParameterSpecs } from '../../networks/parameters.js';
import type { Weights } from '../../networks/weights.js';
import { type Tensor, tf } from '../device/backend.js';
import {
  foldedConvs,
  foldedNames,
  foldedTensorCount,
  foldedTensors,
  type FoldedConv,
  type FoldedLayer,
  foldLayers,
} from './folded-layers.js';
import { runFolded } from './folded-run.js';
import { toDevice } from '../device/host-tensors.js';
import { tensorNamed } from '../device/named-tensors.js';
import type { FunctionScope, TracedFunctions } from '../graph/traced-functions.js';

/** Names to tensors on the device. */
type Lookup = (name: string) => Tensor;

/**
 * Layers that are only run: every BatchNorm uses its running statistics, and is folded into the convolution before it
 * where there is one. Load before the first run; dispose it.
 */
export class InferenceModel {
  private readonly folded: readonly FoldedLayer[];
  private readonly convs: readonly FoldedConv[];
  private readonly functions: FunctionScope;
  /** Filter and bias of each of `convs`, in their order. */
  private convTensors: readonly Tensor[] = [];
  /** Parameters of all other layers, by name. */
  private readonly parameters = new Map<string, Tensor>();

  /** @param functions Stay the caller's. */
  constructor(
    private readonly layers: readonly Layer[],
    functions: TracedFunctions,
  ) {
    this.folded = foldLayers(layers);
    this.convs = foldedConvs(this.folded);
    this.functions = functions.enter(`inference ${JSON.stringify(layers)}`);
  }

  /** Takes the present values of a model's tensors, which stay their owner's. */
  load(parameter: Lookup): void {
    this.unload();
    const convNames = this.convs.flatMap(foldedNames);
    const tensors = new Map(convNames.map((name) => [name, parameter(name)]));
    const context = { parameter: lookupIn(tensors) };
    this.convTensors = this.functions.run('fold', [...tensors.values()], () =>
      this.convs.flatMap((conv) => foldedTensors(conv, context)),
    );
    for (const { name, isIdle } of layerParameterSpecs(this.layers, 0, 1)) {
      if (!isIdle && !tensors.has(name)) this.parameters.set(name, parameter(name).clone());
    }
  }

  /** Loads weights as `load` does. @param weights At least the layers' tensors, in torch layout. */
  loadWeights(weights: Weights, classCount: number): void {
    const specs = layerParameterSpecs(this.layers, 0, classCount).filter(({ isIdle }) => !isIdle);
    const tensors = new Map(specs.map((spec) => [spec.name, toDevice(spec, weights)]));
    try {
      this.load(lookupIn(tensors));
    } finally {
      tf.dispose([...tensors.values()]);
    }
  }

  /** @param input float32, what the first layer takes; stays the caller's. @returns a new tensor, the caller's to dispose. */
  run(input: Tensor): Tensor {
    const [output] = this.runWithin('run', [input], (forward) => [forward(input)]);
    if (output === undefined) throw new Error('the model returned nothing');
    return output;
  }

  /**
   * Runs the model as part of other work, as `FunctionScope.run` does.
   *
   * @param args What `body` uses beside the model.
   * @param body Is given the model: what it takes stays the caller's, and what it gives is a new tensor.
   */
  runWithin(name: string, args: readonly Tensor[], body: (forward: (input: Tensor) => Tensor) => Tensor[]): Tensor[] {
    const all = [...args, ...this.convTensors, ...this.parameters.values()];
    return this.functions.run(name, all, () => body((input) => this.forward(input)));
  }

  /** Frees the tensors; another load may follow. */
  unload(): void {
    tf.dispose([...this.convTensors, ...this.parameters.values()]);
    this.convTensors = [];
    this.parameters.clear();
  }

  /** Frees the tensors, and gives the functions back. */
  dispose(): void {
    this.unload();
    this.functions.leave();
  }

  private forward(input: Tensor): Tensor {
    const tensorOf = new Map<FoldedConv, readonly Tensor[]>();
    let next = 0;
    for (const conv of this.convs) tensorOf.set(conv, this.convTensors.slice(next, (next += foldedTensorCount(conv))));
    const context = { parameter: lookupIn(this.parameters), folded: (conv: FoldedConv) => tensorOf.get(conv) ?? [] };
    return runFolded(this.folded, input, context);
  }
}

const lookupIn =
  (tensors: ReadonlyMap<string, Tensor>): Lookup =>
  (name) =>
    tensorNamed(tensors, name);
