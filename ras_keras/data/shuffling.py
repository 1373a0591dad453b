"""Which images a step trains on, as a function of (seed, step)."""

import math

import tensorflow as tf


def shuffled_places(step, *, images: int, per_epoch: int, batch_size: int, seed: int) -> tf.Tensor:
    """The places of the images in the batch of a step; in a graph or out of it.

    The order of an epoch is a keyed permutation of all images, of which the first are taken.

    Args:
        step: counted over all epochs.
        images: how many there are.
        per_epoch: how many of them an epoch takes.
        batch_size: images per step; the last batch of an epoch may hold fewer.
        seed: of the order.

    Returns:
        int64, (n,) with n <= batch_size.
    """
    step = tf.convert_to_tensor(step, tf.int64)
    steps = math.ceil(per_epoch / batch_size)
    epoch, position = step // steps, step % steps
    first = position * batch_size
    places = tf.range(first, tf.minimum(first + batch_size, per_epoch))
    return tf.random.experimental.index_shuffle(
        places, seed=tf.stack([seed, epoch]), max_index=images - 1
    )
