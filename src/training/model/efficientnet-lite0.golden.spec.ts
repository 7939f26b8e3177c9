import { describeGolden } from '../../../test/fixtures/golden/suite.js';

describeGolden({
  architecture: 'efficientnet-lite0',
  file: 'efficientnet_lite0',
  pools: ['_avg_pooling'],
  // EfficientNet's own, which its golden runs use.
  momentum: 0.01,
});
