import {
  backendInternals,
  type Binding,
  type GraphNode,
  type GraphValue,
  nodeBackend,
  type Tensor,
  tf,
  type TracingBinding,
} from '../device/backend.js';

/**
 * Registers what `body` does as a TensorFlow function. Nothing runs: `body` sees tensors that have a shape and no values, so
 * that variables stay as they are, and a result can come from the function alone.
 *
 * @param name The function's, new in this process.
 * @param args Become the function's arguments, in this order.
 * @param body Makes the function's outputs.
 * @returns how many outputs the function has.
 * @throws {Error} when `body` reads a tensor, uses one that is neither in `args` nor its own, or makes one whose shape
 *   TensorFlow cannot know beforehand.
 */
export function record(binding: TracingBinding, name: string, args: readonly Tensor[], body: () => Tensor[]): number {
  const backend = nodeBackend();
  let outputs: Tensor[] = [];
  binding.startGraph();
  try {
    const recorder = new GraphRecorder(binding, args);
    // tfjs runs every op through this property, whichever of its own functions it comes from.
    backend.binding = recorder.binding;
    outputs = tf.tidy(body);
    binding.createFunction(name, args.length, recorder.positions(outputs));
    return outputs.length;
  } catch (error) {
    binding.dropGraph();
    throw error;
  } finally {
    tf.dispose(outputs);
    backend.binding = binding;
  }
}

/** Adds to the graph what would run through the binding, and answers with tensors that exist in the graph alone. */
class GraphRecorder {
  readonly binding: Binding;
  private nodeCount = 0;
  private valueCount = 0;
  private readonly variableUses = new VariableUses();
  /** Native tensor id → position among the graph's values; ids of tensors that exist in the graph alone are negative. */
  private readonly known = new Map<number, number>();
  /** Native ids of tensors made from JavaScript values → dtype. */
  private readonly made = new Map<number, number>();

  constructor(
    private readonly original: TracingBinding,
    args: readonly Tensor[],
  ) {
    const ids = backendInternals().getInputTensorIds([...args]);
    args.forEach(({ dtype, shape }, index) => {
      // tfjs calls a variable's handle a string.
      const type = dtype === 'string' ? original.TF_RESOURCE : nodeBackend().getDTypeInteger(dtype);
      const shapeAttribute = { name: 'shape', type: original.TF_ATTR_SHAPE, value: shape };
      this.addNode({ op: 'Placeholder', attributes: [this.dtype(type), shapeAttribute], inputs: [] });
      this.known.set(ids[index] ?? -1, index);
      if (dtype === 'string') this.variableUses.add(index);
    });
    if (this.known.size < args.length) throw new Error('a tensor is given twice');
    const overrides: Partial<Binding> = {
      executeOp: (...call) => this.execute(...call),
      createTensor: (shape, dtype, values) => {
        const id = original.createTensor(shape, dtype, values);
        this.made.set(id, dtype);
        return id;
      },
      tensorDataSync: () => {
        throw new Error('a number that is read while a graph is recorded would never change again');
      },
    };
    // The addon's own properties cannot be assigned to, not even in an object that inherits them.
    const descriptors = Object.entries(overrides).map(([key, value]): [string, PropertyDescriptor] => [key, { value }]);
    this.binding = Object.create(original, Object.fromEntries(descriptors)) as Binding;
  }

  /** Where the graph has the values of these tensors. */
  positions(tensors: readonly Tensor[]): number[] {
    return backendInternals()
      .getInputTensorIds([...tensors])
      .map((id) => this.position(id));
  }

  private execute(...[op, attributes, inputIds, outputCount]: Parameters<Binding['executeOp']>) {
    const positions = inputIds.map((id) => this.position(id));
    const controlInputs = this.variableUses.use(this.nodeCount, op, positions);
    const inputs = withLists(attributes, positions);
    const shape = op === 'ReadVariableOp' ? this.variableShape(attributes, inputIds) : undefined;
    const first = this.valueCount;
    const infos = this.addNode({ op, attributes, inputs, controlInputs, ...(shape !== undefined && { shape }) });
    return infos.slice(0, outputCount).map(({ dtype, shape: inferred }, index) => {
      const id = -1 - (first + index);
      this.known.set(id, first + index);
      return { id, dtype, shape: inferred ?? opaqueShape(op, index) };
    });
  }

  /** A graph knows no shapes of variables; a read changes nothing, and copies nothing. */
  private variableShape(attributes: GraphNode['attributes'], inputIds: readonly number[]): readonly number[] {
    const [value] = this.original.executeOp('ReadVariableOp', attributes, [...inputIds], 1);
    if (value === undefined) throw new Error('ReadVariableOp returned nothing');
    this.original.deleteTensor(value.id);
    return value.shape;
  }

  private position(id: number): number {
    const position = this.known.get(id);
    if (position !== undefined) return position;
    const dtype = this.made.get(id);
    if (dtype === undefined) throw new Error('a recorded graph uses a tensor that is not among its arguments');
    const first = this.valueCount;
    this.addNode({ op: 'Const', attributes: [this.dtype(dtype)], inputs: [], tensorId: id });
    this.known.set(id, first);
    return first;
  }

  private addNode(node: GraphNode): readonly GraphValue[] {
    const infos = this.original.addNode(node);
    this.nodeCount += 1;
    this.valueCount += infos.length;
    return infos;
  }

  private dtype(value: number) {
    return { name: 'dtype', type: this.original.TF_ATTR_TYPE, value };
  }
}

/** Op → the output that is between its kernel and its gradient's kernel alone. */
const OPAQUE_OUTPUTS: ReadonlyMap<string, number> = new Map([
  ['FusedBatchNormV3', 5],
  ['_MklNativeMaxPool', 1],
]);

/** Any shape, for what nobody looks at. @throws {Error} for an output whose shape somebody may want to know. */
function opaqueShape(op: string, output: number): number[] {
  if (OPAQUE_OUTPUTS.get(op) === output) return [];
  throw new Error(`the shape of output ${output} of ${op} depends on values`);
}

/**
 * Keeps the order in which variables are read and written, as `tf.function` does (automatic control dependencies): in a
 * graph, only what an op takes from another decides which is first, and updates give nothing.
 */
class VariableUses {
  /** Position of a variable's handle → its last writer, and who has read it since; all as indices of nodes. */
  private readonly uses = new Map<number, { writer?: number; readers: number[] }>();

  /** @param position The place of a handle among the graph's values. */
  add(position: number): void {
    this.uses.set(position, { readers: [] });
  }

  /** @returns the nodes that `node`, which takes the values at `positions`, must wait for. */
  use(node: number, op: string, positions: readonly number[]): number[] {
    const waitsFor = new Set<number>();
    for (const position of positions) {
      const uses = this.uses.get(position);
      if (uses === undefined) continue;
      if (uses.writer !== undefined) waitsFor.add(uses.writer);
      if (op === 'ReadVariableOp') {
        uses.readers.push(node);
      } else {
        for (const reader of uses.readers) waitsFor.add(reader);
        this.uses.set(position, { writer: node, readers: [] });
      }
    }
    return [...waitsFor];
  }
}

/**
 * Puts the inputs of ops as a graph wants them, with each list of tensors as one input: `N` is the length of a list that
 * comes first (ConcatV2, Pack, AddN), `num_args` that of one that comes last, before another with nothing in it where there
 * is `num_host_args` (_MklNativeFusedConv2D). Op by op, TensorFlow takes the list's tensors one after the other.
 */
function withLists(attributes: GraphNode['attributes'], positions: readonly number[]): GraphNode['inputs'] {
  const lengthOf = (name: string) => {
    const value = attributes.find((attribute) => attribute.name === name)?.value;
    return typeof value === 'number' ? value : undefined;
  };
  const [first, last] = [lengthOf('N'), lengthOf('num_args')];
  if (first !== undefined) return [positions.slice(0, first), ...positions.slice(first)];
  const empty = lengthOf('num_host_args') === undefined ? [] : [[]];
  if (last !== undefined) return [...positions.slice(0, -last), positions.slice(-last), ...empty];
  return positions;
}
