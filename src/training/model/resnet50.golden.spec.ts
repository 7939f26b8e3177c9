import { describeGolden } from '../../../test/fixtures/golden/suite.js';

describeGolden({ architecture: 'resnet50', file: 'resnet50', pools: ['maxpool', 'avgpool'] });
