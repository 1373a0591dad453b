"""The embedded data set: handwritten digits that need no network and no files."""

import numpy as np

from ras_keras.data.fingerprint import digest_of_arrays
from ras_keras.data.image_dataset import ImageDataset, Images

TEST_IMAGES = 360


def load_digits() -> ImageDataset:
    """scikit-learn's 1,797 handwritten digits: 1,437 for training, 360 for testing.

    Each 8x8 image of 17 gray levels becomes 32x32x3 uint8, every pixel four by
    four. The split is fixed and has the classes in equal shares.
    """
    from sklearn.datasets import load_digits as load
    from sklearn.model_selection import train_test_split

    digits = load()
    gray = np.rint(digits.images * (255 / 16)).astype("uint8")
    images = np.repeat(gray.repeat(4, axis=1).repeat(4, axis=2)[..., None], 3, axis=3)
    labels = digits.target.astype("int32")
    train, test = train_test_split(
        np.arange(len(labels)), test_size=TEST_IMAGES, stratify=labels, random_state=0
    )
    everything = Images(images, labels)
    return ImageDataset(
        "digits",
        train=everything.subset(train),
        test=everything.subset(test),
        class_names=tuple(str(name) for name in digits.target_names),
        flip=False,
        contents=digest_of_arrays((images[train], labels[train], images[test], labels[test])),
    )
