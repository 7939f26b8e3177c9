import { describe } from 'vitest';
import { describeExactness } from '../../../test/fixtures/golden/exactness.js';
import { goldenWeights } from '../../../test/fixtures/golden/fill.js';
import { parameterSpecs } from '../../networks/parameters.js';
import { networkByArchitecture } from '../../networks/registry.js';

/** The networks without formula-filled numbers; for all but the first, shared-models.golden.spec has pretrained ones. */
const ARCHITECTURES = ['squeezenet1-1', 'squeezenet1-1-caffe', 'mobilenet-v2-keras', 'resnet50-thin'];

describe.each(ARCHITECTURES)('%s', (architecture) => {
  const network = networkByArchitecture(architecture);
  describeExactness(network, goldenWeights(parameterSpecs(network, 10)));
});
