import { describeTraced } from '../../test/fixtures/golden/traced-networks.js';
import { networkByArchitecture } from '../networks/registry.js';

for (const architecture of ['inception-v3', 'vgg19']) describeTraced(networkByArchitecture(architecture), 6);
