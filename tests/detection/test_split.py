"""Which images train, choose the epoch and test."""

import numpy as np
import pytest

from ras_keras.detection.data.annotations import AnnotatedImages, DetectionData
from ras_keras.detection.recipes.recipe import BoxesRecipe
from ras_keras.detection.training.prepared_boxes import split
from ras_keras.errors import UserError


def images(labels, crowd=()):
    """An image for each label, with an object of that class, at the places in `crowd` a crowd."""
    count = len(labels)
    return AnnotatedImages(
        paths=tuple(f"{number}.png" for number in range(count)),
        sizes=np.tile([64, 64], (count, 1)),
        boxes=(np.array([[0, 0, 32, 32]], "float32"),) * count,
        labels=tuple(np.array([label], "int32") for label in labels),
        crowd=tuple(np.array([place in crowd]) for place in range(count)),
        areas=(np.array([1024.0], "float32"),) * count,
        ids=tuple(range(count)),
        class_names=("common", "rare"),
    )


def data_of(train, validation=None, test=None):
    return DetectionData(train, validation, test, train.class_names)


COMMON = images([0] * 20)


def test_each_has_its_own_where_there_are_three():
    data = data_of(COMMON, images([0]), images([1]))
    assert split(data, BoxesRecipe(), 0) == (data.train, data.validation, data.test)


def test_a_part_of_the_training_images_chooses_beside_a_single_other_split():
    data = data_of(COMMON, images([0, 1]))
    train, watched, test = split(data, BoxesRecipe(validation_split=0.2), 3)
    assert (len(train), len(watched)) == (16, 4)
    assert {*train.ids} | {*watched.ids} == {*range(20)}
    assert test is data.validation
    again = split(data, BoxesRecipe(validation_split=0.2), 3)
    assert again[1].ids == watched.ids
    assert split(data, BoxesRecipe(validation_split=0.2), 4)[1].ids != watched.ids
    assert split(data, BoxesRecipe(validation_split=0), 3)[:2] == (data.train, None)


def test_a_class_does_not_go_with_the_images_held_out():
    data = data_of(images([0] * 4 + [1]), COMMON)
    with pytest.raises(UserError, match=r"validation_split=0\.8 holds out every image with 'rare'"):
        for seed in range(20):
            split(data, BoxesRecipe(validation_split=0.8), seed)


def test_an_object_is_among_the_images_held_out():
    data = data_of(images([0] * 20, crowd=range(1, 20)), COMMON)
    with pytest.raises(UserError, match=r"validation_split=0\.1 holds out only images without an"):
        split(data, BoxesRecipe(validation_split=0.1), 0)


def test_nothing_to_test_on():
    with pytest.raises(UserError, match="neither test nor validation images"):
        split(data_of(COMMON), BoxesRecipe(), 0)
