"""What a recipe trains and is evaluated on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ras_keras.data.augmentation.augmentation import Augmentation
from ras_keras.data.augmentation.random_resized_crop import RandomResizedCrop
from ras_keras.data.batches import TrainingBatches
from ras_keras.data.fingerprint import Fingerprint
from ras_keras.data.image_dataset import PHOTOGRAPHS_DEVIATION, ImageDataset, Images
from ras_keras.data.registry import load_dataset
from ras_keras.data.unreadable import unreadable_of
from ras_keras.outputs.class_order import listed
from ras_keras.recipes.data import DataRecipe
from ras_keras.runs.run_data import check_same_data
from ras_keras.runs.run_folder import RunFolder

CHANNELS = ("red", "green", "blue")


@dataclass(frozen=True)
class Data:
    """A recipe's data, ready to train on.

    Attributes:
        batches: of the training images.
        watched: the images evaluated after each epoch, None for none.
        test: the test images.
        class_names: one for each label.
        image_shape: (H, W, 3).
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        fingerprint: of the data set as a whole.
        notices: what whoever trains on it should be told, a sentence each.
    """

    batches: TrainingBatches
    watched: Images | None
    test: Images
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    mean: tuple[float, ...]
    variance: tuple[float, ...]
    fingerprint: Fingerprint
    notices: tuple[str, ...] = ()


def load_data(
    recipe: DataRecipe,
    *,
    batch_size: int,
    seed: int,
    least: int = 1,
    replicas: int = 1,
    part: tuple[int, int] = (0, 1),
    runs: Sequence[RunFolder] = (),
) -> Data:
    """Loads what a recipe trains and is evaluated on.

    Args:
        recipe: resolved.
        batch_size: images per step of the training, over all devices.
        seed: of the split, the order and the augmentation.
        least: images that the last batch of an epoch needs to be trained on.
        replicas: devices over which a batch is split.
        part: of each batch that this process makes, (index, count).
        runs: that were trained on the same data.

    Raises:
        UserError: if the data cannot be had, do not fit the recipe, or are not those of the runs.
    """
    loaded = load_dataset(recipe.dataset, recipe.data_dir, recipe.download, **recipe.reading())
    if recipe.strict:
        for error in unreadable_of(loaded):
            raise error
    fingerprint = loaded.fingerprint()
    for run in runs:
        check_same_data(run, fingerprint, recipe.dataset)
    dataset, held_out = loaded.hold_out(recipe.validation_split, seed)
    dataset = dataset.keep(recipe.training_images, seed)
    mean, variance = dataset.pixel_statistics()
    augmentation = Augmentation(
        crop_padding=_given(recipe.crop_padding, dataset.crop_padding),
        mirror=_given(recipe.mirror, dataset.flip),
        crop=RandomResizedCrop(recipe.crop_scale, recipe.crop_ratio) if recipe.crop_scale else None,
        color_jitter=recipe.color_jitter,
        cutout=recipe.cutout,
        fill=mean,
        cutmix=recipe.cutmix,
        label_smoothing=recipe.label_smoothing,
    )
    return Data(
        batches=TrainingBatches(
            dataset,
            batch_size,
            seed,
            replicas,
            augmentation,
            least=least,
            part=part,
        ),
        watched=dataset.test if recipe.protocol == "paper" else held_out,
        test=dataset.test,
        class_names=dataset.class_names,
        image_shape=dataset.image_shape,
        mean=mean,
        variance=variance,
        fingerprint=fingerprint,
        notices=(*dataset.notices, *_degenerate(dataset)),
    )


def _degenerate(dataset: ImageDataset) -> list[str]:
    """What a network cannot learn from these training images."""
    notices = []
    if dataset.constant_channels:
        channels = ", ".join(CHANNELS[number] for number in dataset.constant_channels)
        notices.append(
            f"constant over the training images: {channels}; normalized by a deviation of "
            f"{PHOTOGRAPHS_DEVIATION:g} levels"
        )
    counts = np.bincount(dataset.train.labels, minlength=len(dataset.class_names))
    untrained = [name for name, count in zip(dataset.class_names, counts, strict=True) if not count]
    if untrained:
        notices.append(f"no images of {listed(untrained)} are left to train on")
    return notices


def _given(value, otherwise):
    return otherwise if value is None else value
