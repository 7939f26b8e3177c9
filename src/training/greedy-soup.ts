import { DomainError } from '../domain/errors.js';
import { figureOf, type Objective } from '../domain/job/evaluation.js';
import type { HostTensor } from '../formats/safetensors.js';
import type { NetworkDefinition } from '../networks/network.js';
import { checkWeights, type Weights } from '../networks/weights.js';
import { checkImages } from './examples/check-images.js';
import { type ExampleSource, imageSource, type LabelledImages, type Normalization } from './examples/image-batches.js';
import { ownParts, type SharedParts } from './loop/prepare-training.js';
import { type ValidationMetrics, validationMetrics } from './metrics/epoch-metrics.js';
import { score } from './metrics/evaluate.js';
import { InferenceModel } from './model/inference-model.js';
import { WeightSum } from './model/weight-sum.js';

/** Reads the whole state of one member, in torch layout and with a classifier of `classCount` classes. */
export type ReadMember = () => Promise<Weights>;

/** The models that a soup may be made of, and what decides about them. */
export interface SoupOptions {
  readonly network: NetworkDefinition;
  /** The best first; all were trained from the same start. Each is read once, in turn, when it is tried. */
  readonly members: readonly [ReadMember, ...ReadMember[]];
  readonly classCount: number;
  readonly normalization: Normalization;
  /** What decides which members join. */
  readonly validation: LabelledImages;
  readonly objective: Objective;
  /** Images in memory at a time. */
  readonly batchSize: number;
}

/** What became of one member beside the first. */
export interface SoupTry {
  /** The place of the member among all, from 1; the first, 0, is in the soup without a try. */
  readonly memberIndex: number;
  /** The objective's figure without the member: higher is better. */
  readonly figureBefore: number;
  /** The figure with the member; absent where the validation loss was not a number. */
  readonly figureAfter?: number;
  readonly hasJoined: boolean;
}

/** What a soup came to. */
export interface SoupResult {
  /** The whole state of the mean, in torch layout and state dict order. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** One for each member but the first, in their order. */
  readonly tries: readonly SoupTry[];
  readonly validation: ValidationMetrics;
  /** The class index that the mean gives each validation image, in the order of the images. */
  readonly predictions: readonly number[];
  /** How many images went forward, in all tries together. */
  readonly imageCount: number;
}

/** How a soup is watched, and what it takes over from others. */
export interface SoupHooks {
  readonly onTry?: (tried: SoupTry) => void;
  /** Stay the caller's; a soup without has its own. */
  readonly shared?: SharedParts;
}

/**
 * Averages the weights of models that were trained from one start: a greedy soup. The members are tried in their order, and
 * one joins if the objective's figure of the mean with it, on the validation images, is not lower than without it.
 *
 * Running statistics are averaged like all other tensors, so that a mean of equal models is that model (ADR 26).
 *
 * The same options give the same bits, as a training does. Beside the sum, in float64, and the tensors on the device, two
 * models are in memory at most.
 *
 * @throws {DomainError} WEIGHTS_INVALID when a member is not the network's whole state; INPUT_TOO_SMALL or FIELD_INVALID when
 *   the images do not fit the network; NAN_LOSS when the first member's validation loss is not a number.
 * @see Wortsman et al., arXiv 2203.05482, recipe 1.
 */
export async function greedySoup(options: SoupOptions, hooks: SoupHooks = {}): Promise<SoupResult> {
  const { network, classCount, validation } = options;
  checkImages(validation, network, classCount);
  const { dispose, ...shared } =
    hooks.shared === undefined ? ownParts() : { ...hooks.shared, dispose: () => undefined };
  const evaluator = new SoupEvaluator(options, shared);
  try {
    return await addInTurn(options, evaluator, hooks);
  } finally {
    evaluator.dispose();
    dispose();
  }
}

/** The best mean so far. */
interface Kept extends Evaluated {
  readonly figure: number;
}

/** A soup while members are tried. */
interface SoupSoFar {
  readonly sum: WeightSum;
  kept: Kept;
}

async function addInTurn(options: SoupOptions, evaluator: SoupEvaluator, { onTry }: SoupHooks): Promise<SoupResult> {
  const [readFirst, ...others] = options.members;
  const soup = await startFrom(options, evaluator, readFirst);
  const tries: SoupTry[] = [];
  for (const read of others) {
    const tried = { memberIndex: tries.length + 1, ...(await tryMember(options, evaluator, soup, read)) };
    tries.push(tried);
    onTry?.(tried);
  }
  const { validation, predictions } = soup.kept;
  return { weights: soup.sum.mean(), tries, validation, predictions, imageCount: evaluator.imageCount };
}

async function startFrom(
  { network, classCount }: SoupOptions,
  evaluator: SoupEvaluator,
  read: ReadMember,
): Promise<SoupSoFar> {
  const first = checkWeights(network, await read(), classCount);
  return { sum: new WeightSum(first), kept: finite(await evaluator.evaluate(first)) };
}

/** A function of its own, so that nothing holds one member while the next is read. */
async function tryMember(
  { network, classCount }: SoupOptions,
  evaluator: SoupEvaluator,
  soup: SoupSoFar,
  read: ReadMember,
): Promise<Omit<SoupTry, 'memberIndex'>> {
  const member = checkWeights(network, await read(), classCount);
  const { figure, ...evaluated } = await evaluator.evaluate(soup.sum.meanWith(member));
  const figureBefore = soup.kept.figure;
  if (figure === undefined) return { figureBefore, hasJoined: false };
  const hasJoined = figure >= figureBefore;
  if (hasJoined) {
    soup.sum.add(member);
    soup.kept = { ...evaluated, figure };
  }
  return { figureBefore, figureAfter: figure, hasJoined };
}

/** How a mean did on the validation images. */
interface Evaluated {
  readonly validation: ValidationMetrics;
  readonly predictions: readonly number[];
  /** The objective's figure; undefined where the loss is not a number. */
  readonly figure?: number;
}

/** @throws {DomainError} NAN_LOSS. */
function finite({ figure, ...evaluated }: Evaluated): Evaluated & { readonly figure: number } {
  if (figure !== undefined) return { ...evaluated, figure };
  const { validationLoss: loss } = evaluated.validation;
  throw new DomainError('NAN_LOSS', `the validation loss of the first member is ${loss}`, { loss: String(loss) });
}

/** What is repeated for each mean, and needs the device. Dispose it. */
class SoupEvaluator {
  imageCount = 0;
  private readonly validation: ExampleSource;
  private readonly model: InferenceModel;

  /** @param shared Stay the caller's. */
  constructor(
    private readonly options: SoupOptions,
    private readonly shared: SharedParts,
  ) {
    const { network, normalization, validation } = options;
    this.validation = imageSource(validation, normalization);
    const layers = network.blocks.flatMap((block) => block.layers);
    this.model = new InferenceModel(layers, shared.functions);
  }

  async evaluate(weights: Weights): Promise<Evaluated> {
    const { classCount, batchSize, objective } = this.options;
    const { functions } = this.shared;
    const predictions: number[] = [];
    this.model.loadWeights(weights, classCount);
    const metrics = await score(this.model, this.validation, { classCount, batchSize, functions, predictions });
    this.model.unload();
    this.imageCount += this.validation.labels.length;
    const validation = validationMetrics(metrics);
    const figure = Number.isFinite(metrics.loss) ? figureOf(validation, objective) : undefined;
    return { validation, predictions, ...(figure !== undefined && { figure }) };
  }

  dispose(): void {
    this.model.dispose();
    this.validation.dispose();
  }
}
