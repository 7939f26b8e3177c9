import { type Execution, nodeBackend, type Tensor, tf, tracingBinding } from './backend.js';
import { record } from './record-graph.js';

/** Unique in the process, as TensorFlow asks of a function's name. */
let functionCount = 0;

interface TracedFunction {
  readonly name: string;
  readonly outputCount: number;
}

/**
 * The work that a model repeats. Traced, each piece runs once op by op, and from then on as one compiled TensorFlow
 * function, with the same bits; eager, it always runs op by op. Dispose it, which frees the functions.
 */
export class TracedFunctions {
  private readonly functions = new Map<string, TracedFunction>();

  constructor(private readonly execution: Execution) {}

  /**
   * Runs `body` in a tidy.
   *
   * @param name Of the work, with every number that decides about its ops; one trace for each and for each shape of `args`.
   * @param args All tensors that `body` uses and does not make itself, each once; variables as their handles.
   * @param body Must be the same work for the same name, whatever the values: it must not read a tensor, and what it makes
   *   of a JavaScript number becomes a constant.
   * @returns what `body` returns; the caller disposes it.
   */
  run(name: string, args: readonly Tensor[], body: () => Tensor[]): Tensor[] {
    const binding = this.execution === 'TRACED' ? tracingBinding() : undefined;
    if (binding === undefined) return tf.tidy(body);
    const signature = [name, ...args.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`)].join(' ');
    const traced = this.functions.get(signature);
    if (traced !== undefined) return call(traced, args);
    const functionName = `traced_${functionCount++}`;
    const outputs = record(binding, functionName, args, body);
    this.functions.set(signature, { name: functionName, outputCount: outputs.length });
    return outputs;
  }

  dispose(): void {
    for (const { name } of this.functions.values()) tracingBinding()?.deleteFunction(name);
    this.functions.clear();
  }
}

function call({ name, outputCount }: TracedFunction, args: readonly Tensor[]): Tensor[] {
  return nodeBackend().executeMultipleOutputs(name, [], [...args], outputCount);
}
