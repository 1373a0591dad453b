"""The labels of a data set in the order of a model's classes."""

from pathlib import Path

from ras_keras.data.image_dataset import ImageDataset
from ras_keras.errors import Argument, UserError
from ras_keras.outputs.class_names import read_class_names
from ras_keras.outputs.class_order import class_order, differing_classes


def match_classes(dataset: ImageDataset, model: str | Path) -> ImageDataset:
    """Brings the labels of a data set into the order of a saved model's classes, by their names.

    A notice says so where the orders differ, and where the model has no names: the data set is
    returned as it is then.

    Args:
        dataset: that the model is to meet.
        model: path of a `.keras` file or an exported model.

    Raises:
        UserError: if they are other classes, naming those that one of the two lacks.
    """
    names = read_class_names(Path(model))
    if names is None:
        print(f"notice   {model} has no names of its classes: they go by number")
        return dataset
    order = class_order(dataset.class_names, names)
    if order is None:
        differing = differing_classes(names, dataset.class_names, "the model", "the data set")
        raise UserError(
            f"{model} has other classes than {dataset.name!r}: {differing}; choose the data set "
            "that it was trained on by ",
            Argument("dataset"),
            ".",
        )
    if order != sorted(order):
        print(f"notice   {model} has its classes in another order: they go by name")
    return dataset.with_classes(names, order)
