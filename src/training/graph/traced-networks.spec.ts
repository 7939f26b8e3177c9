import { describeTraced } from '../../../test/fixtures/golden/traced-networks.js';
import { NETWORKS, networkByArchitecture } from '../../networks/registry.js';

// VGG-19 takes its time: see traced-networks.slow.spec.
for (const network of NETWORKS.filter(({ architecture }) => architecture !== 'vgg19')) describeTraced(network);

// oneDNN merges more ops of a graph when maps are large.
describeTraced(networkByArchitecture('squeezenet1-1'), 65);
