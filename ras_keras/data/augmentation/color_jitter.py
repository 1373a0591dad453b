"""Random brightness, contrast and saturation of each image."""

import tensorflow as tf

# Of red, green and blue in the luma of ITU-R BT.601.
LUMA = (0.299, 0.587, 0.114)


def jitter_colors(images, strength: float, key):
    """Multiplies brightness, contrast and saturation, in this order, by random factors.

    Each factor is drawn for each image from [max(0, 1 - strength), 1 + strength]. Contrast is the
    distance from the image's mean luma, saturation that from each pixel's.

    Source: Howard, arXiv 1312.5402, section 2.

    Args:
        images: uint8, (n, H, W, 3).
        strength: > 0.
        key: of a stateless draw.

    Returns:
        uint8, (n, H, W, 3).
    """
    draws = tf.random.stateless_uniform((3, tf.shape(images)[0], 1, 1, 1), key, alg="philox")
    low = max(0.0, 1 - strength)
    brightness, contrast, saturation = tf.unstack(low + (1 + strength - low) * draws)
    pixels = _within(tf.cast(images, tf.float32) * brightness)
    middle = tf.reduce_mean(_luma(pixels), axis=(1, 2), keepdims=True)
    pixels = _within(middle + contrast * (pixels - middle))
    grey = _luma(pixels)
    pixels = _within(grey + saturation * (pixels - grey))
    return tf.cast(tf.round(pixels), images.dtype)


def _luma(pixels):
    return tf.reduce_sum(pixels * tf.constant(LUMA), axis=-1, keepdims=True)


def _within(pixels):
    return tf.clip_by_value(pixels, 0.0, 255.0)
