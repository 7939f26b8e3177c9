import type { Technique } from '../../methods/method-table.js';
import type { HostTensor } from '../../formats/safetensors.js';
import type { Layer } from '../../networks/layers.js';
import { type LearningRole, learningRoles } from '../../networks/learning-parameters.js';
import type { NetworkDefinition } from '../../networks/network.js';
import { layerParameterSpecs, type ParameterSpec } from '../../networks/parameters.js';
import type { Weights } from '../../networks/weights.js';
import { type Tensor, tf } from '../device/backend.js';
import { BlockOptimizer, type OptimizerSnapshot } from './block-optimizer.js';
import { toDevice, toHost } from '../device/host-tensors.js';
import { tensorNamed } from '../device/named-tensors.js';
import type { InferenceModel } from './inference-model.js';
import { LowRankChanges } from './low-rank-changes.js';
import { type StartingPoint, startingPointOf } from './starting-point.js';
import { type FunctionScope, TracedFunctions } from '../graph/traced-functions.js';
import type { OptimizerSettings } from '../ops/update-rules.js';

const NO_DECAY: OptimizerSettings = { type: 'ADAM', weightDecay: 0 };
const BLOCKS: Technique = { type: 'BLOCKS' };
/** Techniques whose steps differ from those of BLOCKS; the others share their functions. */
const STEP_TECHNIQUES: ReadonlySet<Technique['type']> = new Set(['AUTO_RGN', 'LORA', 'NORM_TUNE', 'L2_SP', 'L1_SP']);

/** How a model is trained; as plainly as can be when absent. */
export interface ModelStateOptions {
  readonly optimizer?: OptimizerSettings;
  readonly technique?: Technique;
  /** Decides how the low-rank changes of LORA begin; 0 when absent. */
  readonly seed?: number;
  /** Stay the caller's; the state has its own when absent. */
  readonly functions?: TracedFunctions;
}

/** A span of layers as it takes part in a training: usually a block, or what is left of one. */
export interface Segment {
  /** The id of the block that it is, or is of. */
  readonly id: string;
  readonly layers: readonly Layer[];
  /** Factor on the base learning rate; 0 freezes the segment. */
  readonly lrMultiplier: number;
  /** Whether only its norms and biases learn; all that the technique trains when absent. */
  readonly learnsNormsOnly?: boolean;
  readonly usesBatchStatistics: boolean;
}

/**
 * One segment per block.
 *
 * @param lrMultipliers One per block.
 * @param frozenBatchNorm What BatchNorm of a frozen block uses; a trained block's uses batch statistics.
 * @param normBlocks The indices of the blocks whose norms and biases alone learn.
 */
export function blockSegments(
  { blocks }: NetworkDefinition,
  lrMultipliers: readonly number[],
  frozenBatchNorm: 'EVAL' | 'TRAIN',
  normBlocks: readonly number[] = [],
): Segment[] {
  return blocks.map(({ id, layers }, index) => {
    const lrMultiplier = lrMultipliers[index] ?? 0;
    const usesBatchStatistics = lrMultiplier > 0 || frozenBatchNorm === 'TRAIN';
    return { id, layers, lrMultiplier, learnsNormsOnly: normBlocks.includes(index), usesBatchStatistics };
  });
}

/** Where a model stands, in this process's memory. */
export interface ModelSnapshot {
  /** All tensors of the segments, in torch layout; a weight as it is without its low-rank change, whose matrices follow. */
  readonly weights: Weights;
  readonly optimizer: OptimizerSnapshot;
}

/** The tensors of a model on the device: trained ones as variables, the rest as plain tensors. Dispose it. */
export class ModelState {
  /** Runs what is repeated with this model. */
  readonly functions: FunctionScope;
  readonly optimizer: BlockOptimizer;
  /** What draws weights back, where the technique has that. */
  readonly startingPoint: StartingPoint | undefined;
  /** Undefined when they are somebody else's. */
  private readonly ownFunctions?: TracedFunctions;
  private readonly specs: readonly ParameterSpec[];
  private readonly roles: ReadonlyMap<string, LearningRole>;
  /** The low-rank changes of residents. */
  private readonly changes: LowRankChanges;
  /** Whether each trained tensor has a rate of its own, and not its segment's. */
  private readonly hasOwnRates: boolean;
  /** Frozen parameters and running statistics. */
  private readonly residents = new Map<string, Tensor>();

  /**
   * @param segments Input side first; together they need not be a whole network.
   * @param weights At least the segments' tensors, in torch layout; never changed.
   */
  constructor(
    readonly segments: readonly Segment[],
    weights: Weights,
    classCount: number,
    { optimizer = NO_DECAY, technique = BLOCKS, seed = 0, functions }: ModelStateOptions = {},
  ) {
    const runner = functions ?? new TracedFunctions();
    if (functions === undefined) this.ownFunctions = runner;
    this.functions = runner.enter(structureOf(segments, optimizer, technique));
    this.optimizer = new BlockOptimizer(optimizer);
    this.changes = new LowRankChanges(this.optimizer);
    this.specs = segments.flatMap(({ layers }, index) => layerParameterSpecs(layers, index, classCount));
    this.roles = learningRoles(this.specs, segments, technique);
    this.hasOwnRates = technique.type === 'AUTO_RGN';
    this.startingPoint = startingPointOf(technique);
    for (const spec of this.specs) {
      const tensor = toDevice(spec, weights);
      if (technique.type === 'LORA' && this.roles.get(spec.name) === 'IS_CHANGED') {
        this.changes.add(spec, technique, seed);
      }
      if (this.roles.get(spec.name) === 'LEARNS') {
        this.optimizer.add(spec.name, tensor, this.hasOwnRates ? this.optimizer.names.length : spec.blockIndex);
        if (this.startingPoint === undefined || spec.isClassifier) tensor.dispose();
        else this.startingPoint.keep(spec.name, tensor);
      } else {
        this.residents.set(spec.name, tensor);
      }
    }
  }

  /** How many numbers learn. */
  get trainedParameterCount(): number {
    return this.optimizer.parameterCount;
  }

  /** Whether that parameter of the network is the classifier's. */
  isOfClassifier(name: string): boolean {
    return this.specs.some((spec) => spec.name === name && spec.isClassifier);
  }

  /** Whether a gradient of that parameter of the network is wanted. */
  isLearning(name: string): boolean {
    return this.roles.has(name);
  }

  /**
   * What learns, by name: the optimizer's variables, and the weights that low-rank changes make. Ops only, so that it can
   * be traced; the caller disposes it.
   */
  read(): Map<string, Tensor> {
    const trained = this.optimizer.read();
    try {
      const changed = this.changes.applied((name) => this.resident(name), trained);
      for (const [name, weight] of changed) trained.set(name, weight);
      return trained;
    } catch (error) {
      tf.dispose([...trained.values()]);
      throw error;
    }
  }

  /**
   * The gradients of the optimizer's variables that follow from one of a parameter of the network. Ops only, so that it
   * can be traced.
   *
   * @param gradient Taken over.
   * @param trained What `read` returned.
   */
  variableGradients(name: string, gradient: Tensor, trained: ReadonlyMap<string, Tensor>): [string, Tensor][] {
    return this.changes.gradients(name, gradient, trained);
  }

  /**
   * What `optimizer.nextNumbers` takes: a segment's multiplier times the learning rate.
   *
   * @param factors For AUTO_RGN, one for each of `optimizer.names`.
   */
  rates(learningRate: number, factors?: readonly number[]): number[] {
    const rates = this.segments.map(({ lrMultiplier }) => lrMultiplier * learningRate);
    if (!this.hasOwnRates) return rates;
    const trained = this.specs.filter(({ name }) => this.isLearning(name));
    return trained.map(({ blockIndex }, index) => (rates[blockIndex] ?? 0) * (factors?.[index] ?? 1));
  }

  /** Every tensor of the model, in an order that stays: what a function over it takes. Trained ones are handles. */
  get tensors(): Tensor[] {
    return [...this.optimizer.handles, ...this.residents.values()];
  }

  /** What an update uses beside gradients, rates and the trained variables; in an order that stays. */
  get updateTensors(): Tensor[] {
    return [...this.optimizer.slotHandles, ...(this.startingPoint?.tensors ?? [])];
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
   * @param trained What `read` returned.
   */
  parameters(trained: ReadonlyMap<string, Tensor>): (name: string) => Tensor {
    return (name) => trained.get(name) ?? this.resident(name);
  }

  /** Takes over new running statistics, and frees the old. */
  replaceResidents(updates: ReadonlyMap<string, Tensor>): void {
    for (const [name, tensor] of updates) {
      this.residents.get(name)?.dispose();
      this.residents.set(name, tensor);
    }
  }

  /** Copies all tensors of the network's segments to this process's memory, in torch layout and state dict order. */
  toHost(): Map<string, HostTensor> {
    const trained = this.read();
    try {
      return this.hostTensors(trained);
    } finally {
      tf.dispose([...trained.values()]);
    }
  }

  /** Copies what `restore` goes on from. */
  snapshot(): ModelSnapshot {
    const trained = this.optimizer.read();
    try {
      const weights = new Map([...this.hostTensors(trained), ...this.changes.toHost(trained)]);
      return { weights, optimizer: this.optimizer.snapshot() };
    } finally {
      tf.dispose([...trained.values()]);
    }
  }

  /** The first segment, by its id, with a weight or a statistic that is not finite. */
  firstNotFinite(): string | undefined {
    const host = this.toHost();
    const spec = this.specs.find(({ name }) => host.get(name)?.data.some((value) => !Number.isFinite(value)));
    return spec === undefined ? undefined : this.segments[spec.blockIndex]?.id;
  }

  /** Goes on from a snapshot of a state with the same segments and technique. */
  restore({ weights, optimizer }: ModelSnapshot): void {
    this.changes.restore(weights);
    for (const spec of this.specs) {
      const tensor = toDevice(spec, weights);
      if (this.roles.get(spec.name) === 'LEARNS') {
        this.optimizer.assign(spec.name, tensor);
        tensor.dispose();
      } else {
        this.replaceResidents(new Map([[spec.name, tensor]]));
      }
    }
    this.optimizer.restore(optimizer);
  }

  /** Loads the present values into the model that runs these segments. */
  loadInto(inference: InferenceModel): void {
    const trained = this.read();
    try {
      inference.load(this.parameters(trained));
    } finally {
      tf.dispose([...trained.values()]);
    }
  }

  /** Frees every tensor, variable and function of the model. */
  dispose(): void {
    this.functions.leave();
    this.ownFunctions?.dispose();
    this.optimizer.dispose();
    this.startingPoint?.dispose();
    tf.dispose([...this.residents.values()]);
    this.residents.clear();
  }

  private resident(name: string): Tensor {
    return tensorNamed(this.residents, name);
  }

  private hostTensors(trained: ReadonlyMap<string, Tensor>): Map<string, HostTensor> {
    const parameter = this.parameters(trained);
    return new Map(this.specs.map((spec) => [spec.name, toHost(spec, parameter(spec.name))]));
  }
}

/** All that decides which ops a model runs, but for the shapes of its tensors. */
function structureOf(segments: readonly Segment[], optimizer: OptimizerSettings, technique: Technique): string {
  const parts = segments.map(({ layers, lrMultiplier, learnsNormsOnly, usesBatchStatistics }) => ({
    layers,
    isTrained: lrMultiplier > 0,
    learnsNormsOnly,
    usesBatchStatistics,
  }));
  return JSON.stringify({ parts, optimizer, technique: STEP_TECHNIQUES.has(technique.type) ? technique : undefined });
}
