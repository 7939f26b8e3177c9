import type { HostTensor } from '../formats/safetensors.js';
import type { Layer } from '../networks/layers.js';
import { elementCount, layerParameterSpecs, type ParameterSpec } from '../networks/parameters.js';
import { toTensorFlowLayout, toTorchLayout } from '../networks/weight-layout.js';
import type { Weights } from '../networks/weights.js';
import { backendSettings, type Execution, type Tensor, tf } from './backend.js';
import { BlockOptimizer } from './block-optimizer.js';
import { TracedFunctions } from './traced-functions.js';

/** A span of layers as it takes part in a training: usually a block, or what is left of one. */
export interface Segment {
  readonly layers: readonly Layer[];
  /** Factor on the base learning rate; 0 freezes the segment. */
  readonly lrMultiplier: number;
  readonly usesBatchStatistics: boolean;
}

/** The tensors of a model on the device: trained ones as variables, the rest as plain tensors. Dispose it. */
export class ModelState {
  /** Run what is repeated with this model. */
  readonly functions: TracedFunctions;
  readonly optimizer: BlockOptimizer;
  private readonly specs: readonly ParameterSpec[];
  /** Frozen parameters and running statistics. */
  private readonly residents = new Map<string, Tensor>();

  /**
   * @param segments Input side first; together they need not be a whole network.
   * @param weights At least the segments' tensors, in torch layout; never changed.
   * @param execution Whatever the addon can do, unless said otherwise.
   */
  constructor(
    readonly segments: readonly Segment[],
    weights: Weights,
    classCount: number,
    execution: Execution = backendSettings().execution,
  ) {
    this.functions = new TracedFunctions(execution);
    this.optimizer = new BlockOptimizer(this.functions);
    this.specs = segments.flatMap(({ layers }, index) => layerParameterSpecs(layers, index, classCount));
    for (const spec of this.specs) {
      const host = weights.get(spec.name);
      if (host === undefined) throw new Error(`no tensor ${spec.name}`);
      const { data, shape } = toTensorFlowLayout(host, spec.kind);
      const tensor = tf.tensor(data, [...shape], 'float32');
      if (this.isTrained(spec)) {
        this.optimizer.add(spec.name, tensor, spec.blockIndex);
        tensor.dispose();
      } else {
        this.residents.set(spec.name, tensor);
      }
    }
  }

  /** How many numbers learn. */
  get trainedParameterCount(): number {
    const trained = this.specs.filter((spec) => this.isTrained(spec));
    return trained.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  }

  /** Every tensor of the model, in an order that stays: what a function over it takes. Trained ones are handles. */
  get tensors(): Tensor[] {
    return [...this.optimizer.handles, ...this.residents.values()];
  }

  /** The running statistics that a training moves. */
  get movingStatisticNames(): string[] {
    const moving = this.specs.filter(
      ({ isBuffer, isIdle, blockIndex }) =>
        isBuffer && !isIdle && this.segments[blockIndex]?.usesBatchStatistics === true,
    );
    return moving.map(({ name }) => name);
  }

  /**
   * A look-up of the model's tensors, which stay this state's or those of `trained`.
   *
   * @param trained What `optimizer.read` returned.
   */
  parameters(trained: ReadonlyMap<string, Tensor>): (name: string) => Tensor {
    return (name) => {
      const tensor = trained.get(name) ?? this.residents.get(name);
      if (tensor === undefined) throw new Error(`no tensor ${name}`);
      return tensor;
    };
  }

  /** Takes over new running statistics, and frees the old. */
  replaceResidents(updates: ReadonlyMap<string, Tensor>): void {
    for (const [name, tensor] of updates) {
      this.residents.get(name)?.dispose();
      this.residents.set(name, tensor);
    }
  }

  /** Copies all tensors of the segments to this process's memory, in torch layout and state dict order. */
  toHost(): Map<string, HostTensor> {
    const trained = this.optimizer.read();
    try {
      const parameter = this.parameters(trained);
      return new Map(this.specs.map((spec) => [spec.name, toHostTensor(parameter(spec.name), spec)]));
    } finally {
      tf.dispose([...trained.values()]);
    }
  }

  /** Frees every tensor, variable and function of the model. */
  dispose(): void {
    this.functions.dispose();
    this.optimizer.dispose();
    tf.dispose([...this.residents.values()]);
    this.residents.clear();
  }

  private isTrained({ blockIndex, isBuffer, isIdle }: ParameterSpec): boolean {
    return !isBuffer && !isIdle && (this.segments[blockIndex]?.lrMultiplier ?? 0) > 0;
  }
}

function toHostTensor(tensor: Tensor, { kind }: ParameterSpec): HostTensor {
  const data = Float32Array.from(tensor.dataSync());
  return toTorchLayout({ dtype: 'F32', shape: tensor.shape, data }, kind);
}
