"""Decoding within a graph: JPEG files by TensorFlow, all others as in prediction, by Pillow."""

import tensorflow as tf

from ras_keras.data.augmentation.resizing import part
from ras_keras.data.files.image_files import decode_image

# Where a JPEG file says that it is to be turned; what stands behind is the image.
HEADER_BYTES = 2**16
JPEG = b"\xff\xd8\xff"
# Exif's orientation, a short of 2 to 8, in the order of bytes of Intel and in that of Motorola.
TURNED = (
    r"(?s)\C*Exif\x00\x00(?:II\*\C*\x12\x01\x03\x00\x01\x00\x00\x00[\x02-\x08]\x00|"
    r"MM\x00\*\C*\x01\x12\x00\x03\x00\x00\x00\x01\x00[\x02-\x08])\C*"
)


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
