"""A data set is a name."""

from ras_keras.data.digits import load_digits
from ras_keras.data.folder import check_folder, folder_path, is_folder, load_folder
from ras_keras.data.image_dataset import ImageDataset
from ras_keras.data.prepared.tensorflow_datasets import (
    check_tensorflow_dataset,
    load_tensorflow_dataset,
)
from ras_keras.data.reading import Reading
from ras_keras.errors import Argument, UserError


def check_dataset(
    name: str,
    data_dir: str | None = None,
    download: bool = False,
    image_size: int | None = None,
    evaluation_resize: int | None = None,
    keep_sizes: bool = False,
    stream: bool = False,
) -> None:
    """Refuses what `load_dataset` could not load, as far as a glance at the folders tells.

    Raises:
        UserError: naming the data set or folder and the way out.
    """
    how = Reading(image_size, evaluation_resize, keep_sizes, stream)
    how.check()
    if name == "digits":
        _check_digits(how)
    elif is_folder(name):
        check_folder(folder_path(name, data_dir))
    else:
        check_tensorflow_dataset(name, data_dir, download, how)


def load_dataset(
    name: str,
    data_dir: str | None = None,
    download: bool = False,
    image_size: int | None = None,
    evaluation_resize: int | None = None,
    keep_sizes: bool = False,
    stream: bool = False,
) -> ImageDataset:
    """Loads a data set: as arrays where they fit into memory, else as encoded images.

    Args:
        name: "digits" (embedded), "folder:PATH" (PATH/train/CLASS/*.png and
            PATH/test/CLASS/*.png), or a name of tensorflow-datasets such as
            "cifar10", "cifar100", "stl10" or "imagenet2012".
        data_dir: where tensorflow-datasets finds prepared data sets; None for
            its own folder, which is filled if need be. Of "folder:PATH", where it
            lies if not at PATH.
        download: whether a missing `data_dir` is created and filled.
        image_size: height and width to resize images to, in pixels; needed
            where sizes vary.
        evaluation_resize: length in pixels to which the shorter side of an image is
            brought, of which the square of `image_size` in the middle is taken;
            None stretches images.
        keep_sizes: whether training cuts random parts out of images at their own
            sizes, which are resized to `image_size`.
        stream: whether images are read when a batch asks for them, in any case.

    Raises:
        UserError: naming the data set or folder and the way out.
    """
    how = Reading(image_size, evaluation_resize, keep_sizes, stream)
    how.check()
    if name == "digits":
        _check_digits(how)
        if image_size not in (None, 32):
            raise UserError(
                Argument("image_size", image_size), ": the digits are 32 pixels; leave it out."
            )
        return load_digits()
    if is_folder(name):
        return load_folder(name, folder_path(name, data_dir), how)
    return load_tensorflow_dataset(name, data_dir, download, how)


def _check_digits(reading: Reading) -> None:
    """The digits are arrays of one size; networks are checked with it at any other."""
    for name in ("stream", "evaluation_resize"):
        value = getattr(reading, name)
        if value:
            raise UserError(
                Argument(name, value), ": the digits are in memory, all of one size; leave it out."
            )
