import { z } from 'zod';

/** The field by which techniques are told apart. */
export const techniqueType = <const Id extends string>(id: Id) =>
  z
    .literal(id)
    .describe(
      'The method whose technique it is; BLOCKS is that of all others: a learning rate per block, 0 where frozen.',
    );
