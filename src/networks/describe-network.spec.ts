import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { baseModelSchema } from '../domain/base-model.js';
import { describeNetwork } from './describe-network.js';
import { networkByArchitecture } from './registry.js';

const ASSETS = join(import.meta.dirname, '../../assets');
const models = readdirSync(ASSETS).filter((name) => readdirSync(join(ASSETS, name)).includes('base-model.json'));

describe.each(models)('base-model.json of %s', (name) => {
  const model = baseModelSchema.parse(JSON.parse(readFileSync(join(ASSETS, name, 'base-model.json'), 'utf8')));

  it('is what scripts/describe-base-model.mjs writes', () => {
    const network = networkByArchitecture(model.architecture);
    const { blocks, parameterCount } = describeNetwork(network, 1000);
    expect(model.blocks).toEqual(blocks);
    expect(model).toMatchObject({ parameterCount, inputSizePxMin: network.inputSizePxMin });
  });

  it('names the weights that lie beside it', () => {
    const weights = readFileSync(join(ASSETS, name, 'weights.safetensors'));
    const sha256 = createHash('sha256').update(weights).digest('hex');
    expect(model).toMatchObject({ sizeBytes: weights.length, sha256 });
  });
});
