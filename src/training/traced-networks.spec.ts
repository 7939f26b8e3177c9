import { describeTraced } from '../../test/fixtures/golden/traced-networks.js';
import { NETWORKS } from '../networks/registry.js';

/** Minutes: in traced-networks.slow.spec. */
const SLOW = ['inception-v3', 'vgg19'];

// The fifth batch is a smaller one.
for (const network of NETWORKS.filter(({ architecture }) => !SLOW.includes(architecture))) describeTraced(network, 6);
