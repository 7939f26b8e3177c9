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
      this.addNode({ op: 'Placeholder', attributes: [this.dtype(type), shapeAttribute], inputs: [] }, [
        ids[index] ?? -1,
      ]);
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
    const inputs = withList(
      attributes,
      inputIds.map((id) => this.position(id)),
    );
    const outputs = this.original.executeOp(op, attributes, inputIds, outputCount);
    this.addNode(
      { op, attributes, inputs },
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
 * Puts the inputs of ops such as ConcatV2, Pack and AddN as a graph wants them: `N`, where an op has it, is the length of
 * the list that is its first input. Op by op, TensorFlow takes the list's tensors one after the other.
 */
function withList(attributes: GraphNode['attributes'], positions: readonly number[]): GraphNode['inputs'] {
  const length = attributes.find(({ name }) => name === 'N')?.value;
  return typeof length === 'number' ? [positions.slice(0, length), ...positions.slice(length)] : positions;
}
