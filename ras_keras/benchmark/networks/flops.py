"""How much a network computes."""

import keras


def flops(model: keras.Model) -> int:
    """Floating-point operations that TensorFlow counts for one image, a multiply-add as two.

    In inference; sums and products, those of convolutions, dense layers, batch
    normalizations and means. It counts no sigmoid, tanh, ReLU or maximum.

    Raises:
        RuntimeError: on a backend other than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError("operations are counted on the TensorFlow backend.")
    import tensorflow as tf

    profiler = tf.compat.v1.profiler
    image = tf.TensorSpec((1, *model.input_shape[1:]), "float32")
    # The profiler does not look into functions, and Keras wraps grouped convolutions in one.
    tf.config.run_functions_eagerly(True)
    try:
        graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(image).graph
    finally:
        tf.config.run_functions_eagerly(False)
    options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    return profiler.profile(graph, options=options.with_empty_output().build()).total_float_ops
