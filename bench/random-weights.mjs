import { elementCount } from '../dist/src/networks/parameters.js';
import { randomStream } from '../dist/src/random/random-stream.js';

/** Kernels uniform with He's variance, every BatchNorm the identity. */
export function randomWeights(specs) {
  const next = randomStream('bench');
  return new Map(
    specs.map(({ name, shape, kind }) => {
      const data = new Float32Array(elementCount(shape));
      const bound = Math.sqrt(6 / elementCount(shape.slice(1)));
      if (kind !== 'vector') data.forEach((_, index) => (data[index] = (2 * next() - 1) * bound));
      else if (!name.endsWith('.bias') && !name.endsWith('.running_mean')) data.fill(1);
      return [name, { dtype: 'F32', shape, data }];
    }),
  );
}
