"""The data of a recipe: which images, which of them are held out, how they are augmented."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from ras_keras.data.files.image_files import MAXIMUM_SIDE
from ras_keras.data.folder import FOLDER, folder_path, is_folder
from ras_keras.recipes.part import Part
from ras_keras.values.typed import Bounds

Share = Annotated[float, Bounds(0, 1, without="high")]


@dataclass(frozen=True, eq=False)
class DataRecipe(Part):
    """Which images, which of them are held out, and how they are augmented."""

    ADDED_LATER = (
        "evaluation_resize",
        "stream",
        "strict",
        "crop_scale",
        "crop_ratio",
        "color_jitter",
    )

    dataset: str = "digits"
    """digits (embedded), cifar10, cifar100, stl10, folder:PATH (PATH/train/CLASS/*.png,
    PATH/test/CLASS/*.png) or another image-classification set of tensorflow-datasets."""
    data_dir: str | None = field(default=None, compare=False)
    """Folder of prepared data sets, or where a folder:PATH lies now; None is tensorflow-datasets'
    own (TFDS_DATA_DIR)."""
    download: bool = field(default=False, compare=False)
    """Create and fill a --data-dir that does not hold the data set."""
    image_size: Annotated[int, Bounds(1, MAXIMUM_SIDE)] | None = None
    """Resize images to this height and width in pixels; needed where sizes vary."""
    evaluation_resize: Annotated[int, Bounds(1, MAXIMUM_SIDE)] | None = None
    """Outside of training, bring an image's shorter side to this many pixels and take the square of
    --image-size in the middle; None stretches images."""
    stream: bool = field(default=False, compare=False)
    """Read images from the disk whenever a batch asks for them, even if they fit into memory; the
    batches are the same."""
    strict: bool = field(default=False, compare=False)
    """Read every image once before the training, and refuse to train if one cannot be read."""
    validation_split: Share = 0.1
    """Part of the training images held out to choose the best epoch."""
    training_images: Annotated[int, Bounds(1)] | None = None
    """Train on this many of the images that are not held out, chosen by the seed; None is all."""
    protocol: Literal["held-out", "paper"] = "held-out"
    """held-out chooses the best epoch on held-out training images; paper trains on all of them
    and watches the test set every epoch."""
    crop_padding: Annotated[int, Bounds(0, 10_000)] | None = None
    """Pixels of black around an image before a random crop; None is the data set's own."""
    crop_scale: Share = 0.0
    """Random resized crops: a part of the image of at least this share of its area, resized to
    --image-size (0.08 for ImageNet); 0 pads and crops."""
    crop_ratio: Annotated[float, Bounds(1, 100)] = 4 / 3
    """Of those parts, the longest side over the shortest at most."""
    color_jitter: Annotated[float, Bounds(0, 1)] = 0.0
    """Random brightness, contrast and saturation: factors from 1 - COLOR_JITTER to
    1 + COLOR_JITTER; 0 for none."""
    mirror: bool | None = None
    """Mirror half of the images, --no-mirror for none; None is the data set's own."""
    cutout: Annotated[int, Bounds(0, 10_000)] = 0
    """Side in pixels of a square of the mean pixel at a random place of each image; 0 for none."""
    cutmix: Annotated[float, Bounds(0, 1_000)] = 0.0
    """Paste a box of another image and mix the labels by area; its share comes from
    Beta(CUTMIX, CUTMIX), 0 for none."""
    label_smoothing: Share = 0.0
    """Part of a label that is spread over all classes."""

    def reading(self) -> dict:
        """How the images are read, as `load_dataset` and `check_dataset` take it."""
        return {
            "image_size": self.image_size,
            "evaluation_resize": self.evaluation_resize,
            "keep_sizes": self.crop_scale > 0,
            "stream": self.stream,
        }

    def compared(self) -> dict:
        """The fields by which two of the kind differ: those that do not say where images lie."""
        # What is in a folder is compared by the fingerprint of a run's data.
        return super().compared() | ({"dataset": FOLDER} if is_folder(self.dataset) else {})

    def __eq__(self, other) -> bool:
        """Whether two are the same but for where the images lie."""
        return isinstance(other, DataRecipe) and self.compared() == other.compared()

    def __hash__(self) -> int:
        return hash(tuple(self.compared().values()))

    def resolved(self) -> "DataRecipe":
        """With the folder that TFDS_DATA_DIR names, and no image held out where none is watched.

        The folder is written down, so that a run can be resumed without the variable.
        """
        data = self
        if self.protocol == "paper":
            data = replace(data, validation_split=0.0)
        prepared = self.dataset != "digits" and not is_folder(self.dataset)
        if prepared and self.data_dir is None and os.environ.get("TFDS_DATA_DIR"):
            data = replace(data, data_dir=os.environ["TFDS_DATA_DIR"], download=True)
        return data

    def located(self) -> "DataRecipe":
        """With the absolute path of the data, which holds in any working directory.

        Of "folder:PATH" the path goes to `data_dir`, and "folder:NAME" stays.
        """
        data_dir = self.data_dir
        if is_folder(self.dataset):
            data_dir = folder_path(self.dataset, data_dir)
        # tensorflow-datasets takes gs://... too.
        if data_dir is None or "://" in data_dir:
            return self
        # Not resolved where it need not be: a link is the name that the user gave.
        path = Path(os.path.expanduser(data_dir))  # noqa: PTH111, which raises for ~unknown
        path = path.resolve() if ".." in path.parts else path.absolute()
        dataset = f"{FOLDER}{path.name}" if is_folder(self.dataset) else self.dataset
        return replace(self, dataset=dataset, data_dir=str(path))
