import { describeGolden } from '../../../test/fixtures/golden/suite.js';

describeGolden({
  architecture: 'densenet121',
  file: 'densenet121',
  pools: ['features.pool0'],
  // The golden input and six within 1e-7 to 1e-6 of it gave losses up to 2.2e-3 from the golden ones.
  adamLossTolerance: 3e-3,
});
