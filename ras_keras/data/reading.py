"""How the images of a data set are read: at which size, and whether they stay encoded."""

import math
from dataclasses import dataclass

import numpy as np

from ras_keras.data.encoded.encoded_images import EncodedImages
from ras_keras.data.encoded.forms import Centre, Form
from ras_keras.data.encoded.sources import Memory, Source
from ras_keras.data.files.image_files import check_image_size
from ras_keras.data.free_memory import free_memory
from ras_keras.errors import Argument, UserError

# Of the memory that is free, what the encoded images of a split may take; twice that for a while.
SHARE = 1 / 8


@dataclass(frozen=True)
class Reading:
    """How images are read.

    Attributes:
        image_size: height and width in pixels; None keeps the size that all images share.
        evaluation_resize: length of the shorter side in pixels, of which the square in the middle
            is taken; None stretches images to their size.
        keep_sizes: whether training cuts its crops out of the images at their own sizes.
        stream: whether images are read when a batch asks for them, in any case.
    """

    image_size: int | None = None
    evaluation_resize: int | None = None
    keep_sizes: bool = False
    stream: bool = False

    def check(self) -> None:
        """Refuses sizes that do not go together.

        Raises:
            UserError: naming the argument.
        """
        check_image_size(self.image_size)
        size = Argument("image_size", self.image_size)
        if self.image_size is None and (self.keep_sizes or self.evaluation_resize is not None):
            argument = Argument("crop_scale" if self.keep_sizes else "evaluation_resize")
            raise UserError(argument, " needs the size that it ends in; give ", size, ".")
        if (self.evaluation_resize or math.inf) < (self.image_size or 0):
            raise UserError(
                Argument("evaluation_resize", self.evaluation_resize),
                " is less than the square of ",
                size,
                " that is taken of it; give at least as much.",
            )

    def encoded(self, count: int, size: tuple[int, int]) -> bool:
        """Whether `count` images of `size` (height, width) stay encoded, by need or by wish."""
        # Splitting arrays and handing them to TensorFlow each take a copy for a while.
        needed = 3 * count * size[0] * size[1] * 3
        too_large = needed > free_memory()
        return self.stream or self.keep_sizes or self.evaluation_resize is not None or too_large

    def form(self, otherwise: Form) -> Form:
        """How an encoded image becomes one of its size: its middle, or `otherwise`."""
        if self.evaluation_resize is None or self.image_size is None:
            return otherwise
        return Centre(self.evaluation_resize, self.image_size)

    def images(self, source: Source, count: int, form: Form) -> EncodedImages:
        """The images of a source, whose files are read into memory now unless they are too many.

        Raises:
            UnreadableImage: naming one whose file cannot be read then.
        """
        places = np.arange(count, dtype="int32")
        images = EncodedImages(source, form, places)
        if self.stream or source.size > SHARE * free_memory():
            return images
        with images.naming(range(count)):
            return EncodedImages(Memory(source, count), form, places)
