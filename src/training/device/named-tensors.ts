/** The tensor of that name, on the device or in this process's memory. @throws {Error} when it is not there. */
export function tensorNamed<T>(tensors: ReadonlyMap<string, T>, name: string): T {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  return tensor;
}

/** Puts tensors under their names again; both are in one order. */
export const named = <T>(names: readonly string[], tensors: readonly T[]): ReadonlyMap<string, T> =>
  new Map(tensors.map((tensor, index) => [names[index] ?? '', tensor]));
