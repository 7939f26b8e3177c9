"""TensorFlow for Python as a peer: every step is one tf.function.

Adam is TensorFlow's fused op, as in our engine: Keras's own optimizer composes it of ten ops a variable.
"""

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
    model, frozen = BUILDERS[settings["network"]](size, settings["classCount"])
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
        train = train_function(model)
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


main()
