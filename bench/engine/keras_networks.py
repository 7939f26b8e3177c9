"""The networks in Keras, with random weights.

A builder returns the model, which gives logits, and the part of it that is frozen when the head and the last block are
trained. Structure and parameter count are those of src/networks, so keras.applications serves where it has them; its
ResNet-50 has biases and strides elsewhere, so that one is built here.
"""

import keras
import tensorflow as tf
from keras import layers


class FusedBatchNorm(layers.BatchNormalization):
    """Keras 3 composes BatchNormalization of many ops; TensorFlow's fused op is what our engine runs."""

    def call(self, inputs, training=None, mask=None):
        is_training = bool(training and self.trainable)
        output, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            self.gamma.value,
            self.beta.value,
            mean=self.moving_mean.value,
            variance=self.moving_variance.value,
            epsilon=self.epsilon,
            is_training=is_training,
            exponential_avg_factor=1 - self.momentum if is_training else 1.0,
        )
        if is_training:
            self.moving_mean.assign(mean)
            self.moving_variance.assign(variance)
        return output


def conv(x, filters, kernel_size=1, strides=1):
    return layers.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False)(x)


def padded_conv(x, filters, kernel_size=1, strides=1):
    """Padded alike on both sides, as in torch's networks."""
    if strides > 1 and kernel_size > 1:
        x = layers.ZeroPadding2D(kernel_size // 2)(x)
        return layers.Conv2D(filters, kernel_size, strides, use_bias=False)(x)
    return conv(x, filters, kernel_size, strides)


def depthwise(x, kernel_size, strides):
    return layers.DepthwiseConv2D(kernel_size, strides, padding="same", use_bias=False)(x)


def norms(is_stock):
    batch_norm = layers.BatchNormalization if is_stock else FusedBatchNorm
    return lambda x: batch_norm(momentum=0.9)(x)


# Kernel size, stride, expansion, output channels, repeats: assets/efficientnet-lite0/README.md.
EFFICIENTNET_LITE0_STAGES = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
]


def efficientnet_lite0(size, class_count, is_stock):
    norm = norms(is_stock)

    def block(x, kernel_size, strides, expansion, filters):
        inner = x.shape[-1] * expansion
        y = x if expansion == 1 else layers.ReLU(6)(norm(conv(x, inner)))
        y = layers.ReLU(6)(norm(depthwise(y, kernel_size, strides)))
        y = norm(conv(y, filters))
        return layers.Add()([y, x]) if strides == 1 and x.shape[-1] == filters else y

    inputs = keras.Input((size, size, 3))
    x = layers.ReLU(6)(norm(conv(inputs, 32, 3, 2)))
    for kernel_size, strides, expansion, filters, repeats in EFFICIENTNET_LITE0_STAGES:
        last_block_input = x
        for index in range(repeats):
            x = block(x, kernel_size, strides if index == 0 else 1, expansion, filters)
    x = layers.ReLU(6)(norm(conv(x, 1280)))
    outputs = layers.Dense(class_count)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, outputs), keras.Model(inputs, last_block_input)


def resnet50(size, class_count, is_stock):
    norm = norms(is_stock)

    def bottleneck(x, width, strides):
        y = layers.ReLU()(norm(conv(x, width)))
        y = layers.ReLU()(norm(padded_conv(y, width, 3, strides)))
        y = norm(conv(y, width * 4))
        shortcut = x if x.shape[-1] == width * 4 else norm(conv(x, width * 4, 1, strides))
        return layers.ReLU()(layers.Add()([y, shortcut]))

    inputs = keras.Input((size, size, 3))
    x = layers.ReLU()(norm(padded_conv(inputs, 64, 7, 2)))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for width, strides, repeats in [(64, 1, 3), (128, 2, 4), (256, 2, 6), (512, 2, 3)]:
        last_block_input = x
        for index in range(repeats):
            x = bottleneck(x, width, strides if index == 0 else 1)
    outputs = layers.Dense(class_count)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, outputs), keras.Model(inputs, last_block_input)


def from_applications(build, last_frozen_layer):
    """A network of keras.applications whose every BatchNormalization scales as torchvision's do."""

    def builder(size, class_count, is_stock):
        def cloned(layer):
            if not isinstance(layer, layers.BatchNormalization):
                return layer.__class__.from_config(layer.get_config())
            batch_norm = layers.BatchNormalization if is_stock else FusedBatchNorm
            return batch_norm.from_config({**layer.get_config(), "scale": True})

        stock = build(weights=None, input_shape=(size, size, 3), classes=class_count, classifier_activation=None)
        model = keras.models.clone_model(stock, clone_function=cloned)
        return model, keras.Model(model.input, model.get_layer(last_frozen_layer).output)

    return builder


BUILDERS = {
    "efficientnet-lite0": efficientnet_lite0,
    "resnet50": resnet50,
    "densenet121": from_applications(keras.applications.DenseNet121, "pool4_pool"),
    "inception-v3": from_applications(keras.applications.InceptionV3, "mixed9"),
    "mobilenet-v2": from_applications(keras.applications.MobileNetV2, "block_15_add"),
}
