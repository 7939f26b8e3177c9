import {
  backendSettings,
  type Execution,
  nodeBackend,
  type Tensor,
  tf,
  type TracingBinding,
  tracingBinding,
} from '../device/backend.js';
import { record } from './record-graph.js';

/** The number of structures that are kept though nobody uses them: the next training often has one of them. */
const IDLE_STRUCTURE_COUNT_MAX = 8;

interface TracedFunction {
  readonly name: string;
  readonly outputCount: number;
}

/** Work on one structure: what it takes and does, by name and by the dtypes and shapes of its arguments. */
interface Structure {
  readonly functions: Map<string, TracedFunction>;
  userCount: number;
}

/** Runs repeated work; see `TracedFunctions.enter`. Call `leave` when it is not needed any more. */
export interface FunctionScope {
  /**
   * Runs `body` in a tidy.
   *
   * @param name Names the work, with every number that decides about its ops; one trace for each and for each shape of `args`.
   * @param args All tensors that `body` uses and does not make itself, each once; variables as their handles.
   * @param body Must be the same work for the same name, whatever the values: it must not read a tensor, and what it makes
   *   of a JavaScript number becomes a constant.
   * @returns what `body` returns; the caller disposes it.
   */
  run(name: string, args: readonly Tensor[], body: () => Tensor[]): Tensor[];
  leave(): void;
}

/**
 * The work that models repeat. Traced, each piece is recorded without being run, and then runs as one compiled TensorFlow
 * function, the first time too: what it gives does not depend on what this process has run before. Eager, it always runs
 * op by op. Dispose it, which frees the functions.
 */
export class TracedFunctions {
  /** The least recently left first. */
  private readonly structures = new Map<string, Structure>();

  /** @param execution Whatever the addon can do, unless said otherwise. */
  constructor(private readonly execution: Execution = backendSettings().execution) {}

  /**
   * Begins work on one structure, whose functions are shared by all who name it.
   *
   * @param name Says all about what the work does that the names and arguments of its pieces do not say.
   */
  enter(name: string): FunctionScope {
    const structure = this.structures.get(name) ?? { functions: new Map(), userCount: 0 };
    this.structures.set(name, structure);
    structure.userCount += 1;
    return {
      run: (work, args, body) => this.run(structure, work, args, body),
      leave: () => {
        structure.userCount -= 1;
        this.structures.delete(name);
        this.structures.set(name, structure);
        this.forgetIdle(IDLE_STRUCTURE_COUNT_MAX);
      },
    };
  }

  dispose(): void {
    this.forgetIdle(0);
  }

  private run({ functions }: Structure, name: string, args: readonly Tensor[], body: () => Tensor[]): Tensor[] {
    const binding = this.execution === 'TRACED' ? tracingBinding() : undefined;
    if (binding === undefined) return tf.tidy(body);
    const signature = [name, ...args.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`)].join(' ');
    const traced = functions.get(signature) ?? trace(binding, args, body);
    functions.set(signature, traced);
    return nodeBackend().executeMultipleOutputs(traced.name, [], [...args], traced.outputCount);
  }

  private forgetIdle(countMax: number): void {
    const idle = [...this.structures].filter(([, { userCount }]) => userCount === 0);
    for (const [name, { functions }] of idle.slice(0, Math.max(0, idle.length - countMax))) {
      for (const traced of functions.values()) tracingBinding()?.deleteFunction(traced.name);
      this.structures.delete(name);
    }
  }
}

function trace(binding: TracingBinding, args: readonly Tensor[], body: () => Tensor[]): TracedFunction {
  const name = newName();
  return { name, outputCount: record(binding, name, args, body) };
}

/** Unique in the process, as TensorFlow asks of a function's name: tfjs gives no id of a tensor twice. */
function newName(): string {
  const tensor = tf.scalar(0);
  tensor.dispose();
  return `traced_${tensor.id}`;
}
