import { DomainError } from '../domain/errors.js';
import { denseNet121 } from './densenet121.js';
import { efficientNetLite0 } from './efficientnet-lite0.js';
import { inceptionV3 } from './inception-v3.js';
import { mobileNetV2, mobileNetV2Keras } from './mobilenet-v2.js';
import type { NetworkDefinition } from './network.js';
import { resNet50, resNet50Thin } from './resnet50.js';
import { squeezeNet11, squeezeNet11Caffe } from './squeezenet1-1.js';
import { vgg19 } from './vgg19.js';

/** Every network that this service can train. */
export const NETWORKS: readonly NetworkDefinition[] = [
  denseNet121,
  efficientNetLite0,
  inceptionV3,
  mobileNetV2,
  mobileNetV2Keras,
  resNet50,
  resNet50Thin,
  squeezeNet11,
  squeezeNet11Caffe,
  vgg19,
];

/**
 * The network that a base model names as its architecture.
 *
 * @throws {DomainError} FIELD_INVALID when there is none of that name.
 */
export function networkByArchitecture(architecture: string): NetworkDefinition {
  const network = NETWORKS.find((candidate) => candidate.architecture === architecture);
  if (network === undefined) {
    const known = NETWORKS.map((candidate) => candidate.architecture).join(', ');
    throw new DomainError('FIELD_INVALID', `architecture ${architecture} is unknown; known: ${known}`, {
      architecture,
      known,
    });
  }
  return network;
}
