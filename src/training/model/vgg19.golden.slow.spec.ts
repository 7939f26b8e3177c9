import { describeGolden } from '../../../test/fixtures/golden/suite.js';

// 140 million parameters: see the project "slow" in vitest.config.ts.
describeGolden({
  architecture: 'vgg19',
  file: 'vgg19',
  pools: ['features.4', 'features.9', 'features.18', 'features.27', 'features.36', 'avgpool'],
});
