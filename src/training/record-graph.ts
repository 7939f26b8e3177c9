import {
  backendInternals,
  type Binding,
  type GraphNode,
  nodeBackend,
  type Tensor,
  tf,
  type TracingBinding,
} from './backend.js';

/**
 * Runs `body` once, op by op, and registers the same ops as a TensorFlow function.
 *
 * @param name The function's, new in this process.
 * @param args Become the function's arguments, in this order.
 * @returns what `body` returned, which the function returns too; the caller disposes it.
 * @throws Error when `body` reads a tensor, or uses one that is neither in `args` nor its own.
 */
export function record(binding: TracingBinding, name: string, args: readonly Tensor[], body: () => Tensor[]): Tensor[] {
  const backend = nodeBackend();
  const recorder = new GraphRecorder(binding, args);
  let outputs: Tensor[] = [];
  // tfjs runs every op through this property, whichever of its own functions it comes from.
  backend.binding = recorder.binding;
  try {
    outputs = tf.tidy(body);
    binding.createFunction(name, recorder.nodes, args.length, recorder.positions(outputs));
    return outputs;
  } catch (error) {
    tf.dispose(outputs);
    throw error;
  } finally {
    backend.binding = binding;
    recorder.dispose();
  }
}

/** Writes down what runs through a copy of the binding. */
class GraphRecorder {
  readonly nodes: GraphNode[] = [];
  readonly binding: Binding;
  private valueCount = 0;
  private readonly variableUses = new VariableUses();
  /** Native tensor id → position among the graph's values. */
  private readonly known = new Map<number, number>();
  /** Native ids of tensors made from JavaScript values → dtype. */
  private readonly made = new Map<number, number>();
  /** Tensors of constants, needed until the function is made. */
  private readonly postponedDeletions: number[] = [];

  constructor(
    private readonly original: TracingBinding,
    args: readonly Tensor[],
  ) {
    const ids = backendInternals().getInputTensorIds([...args]);
    args.forEach(({ dtype, shape }, index) => {
      // tfjs calls a variable's handle a string.
      const type = dtype === 'string' ? original.TF_RESOURCE : nodeBackend().getDTypeInteger(dtype);
      const shapeAttribute = { name: 'shape', type: original.TF_ATTR_SHAPE, value: shape };
      const attributes = [this.dtype(type), shapeAttribute];
      this.addNode({ op: 'Placeholder', attributes, inputs: [] }, [ids[index] ?? -1]);
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
      deleteTensor: (id) => {
        if (this.made.has(id) && this.known.has(id)) this.postponedDeletions.push(id);
        else original.deleteTensor(id);
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

  dispose(): void {
    for (const id of this.postponedDeletions) this.original.deleteTensor(id);
  }

  private execute(...[op, attributes, inputIds, outputCount]: Parameters<Binding['executeOp']>) {
    const positions = inputIds.map((id) => this.position(id));
    const outputs = this.original.executeOp(op, attributes, inputIds, outputCount);
    const controlInputs = this.variableUses.use(this.nodes.length, op, positions);
    this.addNode(
      { op, attributes, inputs: withLists(attributes, positions), controlInputs },
      outputs.map(({ id }) => id),
    );
    return outputs;
  }

  private position(id: number): number {
    const position = this.known.get(id);
    if (position !== undefined) return position;
    const dtype = this.made.get(id);
    if (dtype === undefined) throw new Error('a recorded graph uses a tensor that is not among its arguments');
    return this.addNode({ op: 'Const', attributes: [this.dtype(dtype)], inputs: [], tensorId: id }, [id]);
  }

  /** @returns the position of the node's first output. */
  private addNode(node: GraphNode, outputIds: readonly number[]): number {
    const first = this.valueCount;
    this.nodes.push(node);
    for (const id of outputIds) this.known.set(id, this.valueCount++);
    return first;
  }

  private dtype(value: number) {
    return { name: 'dtype', type: this.original.TF_ATTR_TYPE, value };
  }
}

/**
 * Keeps the order in which variables are read and written, as `tf.function` does (automatic control dependencies): in a
 * graph, only what an op takes from another decides which is first, and updates give nothing.
 */
class VariableUses {
  /** Position of a variable's handle → its last writer, and who has read it since; all as indices of nodes. */
  private readonly uses = new Map<number, { writer?: number; readers: number[] }>();

  /** @param position Of a handle among the graph's values. */
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
 * comes first (ConcatV2, Pack, AddN), `num_args` that of one that comes last (_FusedMatMul). Op by op, TensorFlow takes
 * the list's tensors one after the other.
 */
function withLists(attributes: GraphNode['attributes'], positions: readonly number[]): GraphNode['inputs'] {
  const lengthOf = (name: string) => {
    const value = attributes.find((attribute) => attribute.name === name)?.value;
    return typeof value === 'number' ? value : undefined;
  };
  const [first, last] = [lengthOf('N'), lengthOf('num_args')];
  if (first !== undefined) return [positions.slice(0, first), ...positions.slice(first)];
  if (last !== undefined) return [...positions.slice(0, -last), positions.slice(-last)];
  return positions;
}
