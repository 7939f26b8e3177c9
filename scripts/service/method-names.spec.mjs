import { expect, it } from 'vitest';
import { METHODS } from '../../src/methods/method-table.ts';
import { METHOD_NAMES } from './method-names.mjs';

it('names every method, in the order of the table', () => expect(Object.keys(METHOD_NAMES)).toEqual([...METHODS]));
