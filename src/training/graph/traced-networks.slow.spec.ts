import { describeTraced } from '../../../test/fixtures/golden/traced-networks.js';
import { networkByArchitecture } from '../../networks/registry.js';

describeTraced(networkByArchitecture('vgg19'));
