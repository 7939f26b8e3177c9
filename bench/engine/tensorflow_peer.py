"""TensorFlow for Python as a peer: every step is one tf.function.

BatchNormalization and Adam are TensorFlow's fused ops, as in our engine; with a second argument `keras` they are those of
Keras 3, which composes both of many ops.
"""

import sys

import keras
import numpy as np
import tensorflow as tf

from keras_networks import BUILDERS
from line_protocol import read_settings, serve

BETA_1 = 0.9
BETA_2 = 0.999
EPSILON = 1e-8
LEARNING_RATE = 1e-4


def main():
    settings = read_settings()
    tf.config.threading.set_intra_op_parallelism_threads(settings["threadCount"])
    tf.config.threading.set_inter_op_parallelism_threads(settings["threadCount"])
    size, batch = settings["imageSizePx"], settings["batchSize"]
    is_stock = sys.argv[2:] == ["keras"]
    model, frozen = BUILDERS[settings["network"]](size, settings["classCount"], is_stock)
    parameter_count = count(model.trainable_variables)
    if settings["work"] == "head":
        for layer in frozen.layers:
            layer.trainable = False
    images = tf.constant(np.fromfile(settings["inputFile"], np.float32).reshape(batch, size, size, 3))
    labels = tf.range(batch, dtype=tf.int32) % settings["classCount"]
    if settings["work"] == "inference":
        infer = tf.function(lambda images: model(images, training=False))
        serve(lambda: float(infer(images).numpy()[0, 0]), f"TensorFlow {tf.__version__}", parameter_count, 0)
    else:
        train = keras_train_function(model) if is_stock else train_function(model)
        step = lambda: float(train(images, labels).numpy())  # noqa: E731
        serve(step, f"TensorFlow {tf.__version__}", parameter_count, count(model.trainable_variables))


def count(variables):
    return sum(int(np.prod(variable.shape)) for variable in variables)


def train_function(model):
    variables = [variable.value for variable in model.trainable_variables]
    moments = [[tf.Variable(tf.zeros_like(variable)) for variable in variables] for _ in range(2)]
    powers = [tf.Variable(1.0), tf.Variable(1.0)]

    @tf.function
    def train(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        gradients = tape.gradient(loss, variables)
        beta1_power, beta2_power = powers[0] * BETA_1, powers[1] * BETA_2
        for variable, first, second, gradient in zip(variables, *moments, gradients):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=beta1_power,
                beta2_power=beta2_power,
                lr=LEARNING_RATE,
                beta1=BETA_1,
                beta2=BETA_2,
                epsilon=EPSILON,
                grad=gradient,
            )
        powers[0].assign(beta1_power)
        powers[1].assign(beta2_power)
        return loss

    return train


def keras_train_function(model):
    optimizer = keras.optimizers.Adam(LEARNING_RATE, BETA_1, BETA_2, EPSILON)
    optimizer.build(model.trainable_variables)

    @tf.function
    def train(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    return train


main()
