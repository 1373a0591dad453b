"""A data set is a name."""

from ras_keras.data.digits import load_digits
from ras_keras.data.files.folder import check_folder, folder_path, is_folder, load_folder
from ras_keras.data.files.image_files import check_image_size
from ras_keras.data.image_dataset import ImageDataset
from ras_keras.data.tensorflow_datasets import check_tensorflow_dataset, load_tensorflow_dataset
from ras_keras.errors import Argument, UserError


def check_dataset(
    name: str,
    data_dir: str | None = None,
    download: bool = False,
    image_size: int | None = None,
) -> None:
    """Refuses what `load_dataset` could not load, as far as a glance at the folders tells.

    Raises:
        UserError: naming the data set or folder and the way out.
    """
    check_image_size(image_size)
    if is_folder(name):
        check_folder(folder_path(name, data_dir))
    elif name != "digits":
        check_tensorflow_dataset(name, data_dir, download, image_size)


def load_dataset(
    name: str,
    data_dir: str | None = None,
    download: bool = False,
    image_size: int | None = None,
) -> ImageDataset:
    """Loads a data set into memory.

    Args:
        name: "digits" (embedded), "folder:PATH" (PATH/train/CLASS/*.png and
            PATH/test/CLASS/*.png), or a name of tensorflow-datasets such as
            "cifar10", "cifar100" or "stl10".
        data_dir: where tensorflow-datasets finds prepared data sets; None for
            its own folder, which is filled if need be. Of "folder:PATH", where it
            lies if not at PATH.
        download: whether a missing `data_dir` is created and filled.
        image_size: height and width to resize images to, in pixels; needed
            where sizes vary.

    Raises:
        UserError: naming the data set or folder and the way out.
    """
    check_image_size(image_size)
    if name == "digits":
        if image_size not in (None, 32):
            raise UserError(
                Argument("image_size", image_size), ": the digits are 32 pixels; leave it out."
            )
        return load_digits()
    if is_folder(name):
        return load_folder(name, folder_path(name, data_dir), image_size)
    return load_tensorflow_dataset(name, data_dir, download, image_size)
