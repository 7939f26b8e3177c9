import type * as domain from '../domain/task.js';
import type * as wire from '../wire/biotune/v1/worker.js';

/** A domain type as its message: enums are their names. */
type Wire<T> = T extends string
  ? `${T}`
  : T extends readonly (infer E)[]
    ? readonly Wire<E>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

/** Compiles only when the domain type D fits the message M and has no field that the message lacks. */
type Serves<M, D extends Wire<M> & Record<Exclude<keyof D, keyof M>, never>> = D;

/** What crosses the control connection: a field that drifts from worker.proto does not compile. */
export type Checks = [
  Serves<wire.ImportSpec, domain.ImportSpec>,
  Serves<wire.TrainSpec, domain.TrainSpec>,
  Serves<wire.ScoreSpec, domain.ScoreSpec>,
  Serves<wire.ImportResult, domain.ImportResult>,
  Serves<wire.TrainResult, domain.TrainResult>,
  Serves<wire.ScoreResult, domain.ScoreResult>,
];
