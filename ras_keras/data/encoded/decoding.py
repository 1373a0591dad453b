"""Decoding within a graph: JPEG files by TensorFlow, all others as in prediction, by Pillow."""

import tensorflow as tf

from ras_keras.data.files.image_files import decode_image

# Where a JPEG file may say that it is to be turned; what stands behind is the image.
HEADER_BYTES = 2**16
JPEG = b"\xff\xd8\xff"
TURNED = r"\C*Exif\C*"


def decode(data, box_of=None):
    """Decodes an image, or a part of it, in a graph.

    Where only a part is asked for, a JPEG file's chroma is repeated and not interpolated, so that
    the part is equal to that of the image decoded so.

    Args:
        data: string, scalar: a file's content.
        box_of: a function from height and width, int32 scalars, to the part: int32 (4,) of top,
            left, height and width. None is the whole image.

    Returns:
        uint8, (H, W, 3).
    """
    header = tf.strings.substr(data, 0, HEADER_BYTES)
    is_jpeg = tf.strings.substr(header, 0, len(JPEG)) == JPEG
    is_upright = tf.logical_not(tf.strings.regex_full_match(header, TURNED))
    return tf.cond(is_jpeg & is_upright, lambda: _jpeg(data, box_of), lambda: _other(data, box_of))


# Outside of a graph NumPy would cut a file's last zeros.
decode_whole = tf.function(decode, input_signature=[tf.TensorSpec((), tf.string)])


def by_pillow(read, data, shape):
    """Calls a function of a file's content, bytes, that returns uint8 pixels; in a graph.

    Args:
        read: the function.
        data: string, scalar: the content.
        shape: of the pixels, None where it is not known.
    """
    return tf.ensure_shape(tf.numpy_function(read, [data], tf.uint8), shape)


def resized(image, height: int, width: int):
    """An image at another size: means of whole pixels, then bilinear interpolation.

    Where it is at least twice as large as the size, squares of as many pixels as fit are averaged
    first, since interpolation alone would leave most of them out.

    Args:
        image: uint8, (H, W, C).
        height: in pixels.
        width: in pixels.

    Returns:
        uint8, (height, width, C).
    """
    found = tf.shape(image)
    factor = tf.maximum(1, tf.minimum(found[0] // height, found[1] // width))
    image = tf.cond(factor > 1, lambda: _reduced(image, factor), lambda: tf.cast(image, tf.float32))
    return tf.cast(tf.round(tf.image.resize(image, (height, width))), tf.uint8)


def _reduced(image, factor):
    rows, columns = tf.unstack(tf.shape(image)[:2] // factor)
    image = tf.cast(image[: rows * factor, : columns * factor], tf.float32)
    squares = tf.reshape(image, (rows, factor, columns, factor, image.shape[-1]))
    return tf.reduce_mean(squares, axis=(1, 3))


def _jpeg(data, box_of):
    precise = {"channels": 3, "dct_method": "INTEGER_ACCURATE"}
    height, width, colors = tf.unstack(tf.io.extract_jpeg_shape(data))

    def decoded():
        if box_of is None:
            return tf.io.decode_jpeg(data, **precise)
        box = box_of(height, width)
        return tf.image.decode_and_crop_jpeg(data, box, **precise, fancy_upscaling=False)

    # The four inks of printers are mixed by Pillow.
    return tf.cond(colors <= 3, decoded, lambda: _other(data, box_of))


def _other(data, box_of):
    image = by_pillow(decode_image, data, (None, None, 3))
    if box_of is None:
        return image
    found = tf.shape(image)
    return part(image, box_of(found[0], found[1]))


def part(image, box):
    """The part of an image (H, W, 3) that a box int32 (4,) of top, left, height, width says."""
    top, left, height, width = tf.unstack(box)
    return image[top : top + height, left : left + width]
