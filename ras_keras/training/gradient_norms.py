"""How large the loss's gradient is in each stage of a network."""

import math
import re
from collections import defaultdict

import keras
import numpy as np
from keras import ops

from ras_keras.errors import UserError
from ras_keras.runs.run_folder import RunFolder
from ras_keras.training.callbacks import OnImages
from ras_keras.values.csv_files import read_table, write_table
from ras_keras.values.typed import Amount, Count, Natural

FILE = "gradients.csv"
COLUMNS = {"epoch": Natural, "stage": Count, "norm": Amount}
KERNEL = re.compile(r"stage(\d+)_block\d+_\w*conv/kernel$")
# Images of the fixed batch.
IMAGES = 128


def gradient_norms(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> dict[int, float]:
    """The L2 norm of the cross-entropy's gradient with respect to each stage's kernels.

    In training mode, with the batch's own statistics; the model is left as it was.

    Args:
        model: a classifier of this package.
        images: uint8 (N, H, W, 3).
        labels: int (N,).

    Returns:
        From the stage, counted from 1, to the norm.

    Raises:
        UserError: on a backend whose gradients are not known here.
    """
    backend = keras.backend.backend()
    if backend not in _GRADIENTS:
        raise UserError(f"gradients are not known on {backend}; use {' or '.join(_GRADIENTS)}.")
    found = [(v, re.search(KERNEL, v.path)) for v in model.trainable_variables]
    variables = [(v, int(match[1])) for v, match in found if match]
    state = [ops.convert_to_numpy(v) for v in model.non_trainable_variables]
    try:
        gradients = _GRADIENTS[backend](model, [v for v, _ in variables], images, labels)
    finally:
        for variable, value in zip(model.non_trainable_variables, state, strict=True):
            variable.assign(value)
    squares: dict[int, float] = defaultdict(float)
    for (_, stage), gradient in zip(variables, gradients, strict=True):
        squares[stage] += float(np.square(ops.convert_to_numpy(gradient)).sum(dtype="float64"))
    return {stage: math.sqrt(square) for stage, square in squares.items()}


def _loss(model, images, labels):
    probabilities = model(images, training=True)
    return ops.mean(keras.losses.sparse_categorical_crossentropy(labels, probabilities))


def _tensorflow_gradients(model, variables, images, labels):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = _loss(model, images, labels)
    return tape.gradient(loss, [v.value for v in variables])


def _jax_gradients(model, variables, images, labels):
    import jax

    chosen = {id(v) for v in variables}
    others = [(v, v.value) for v in model.variables if id(v) not in chosen]

    def loss(values):
        mapping = [*zip(variables, values, strict=True), *others]
        with keras.StatelessScope(state_mapping=mapping):
            return _loss(model, images, labels)

    return jax.grad(loss)([v.value for v in variables])


def _torch_gradients(model, variables, images, labels):
    import torch

    return torch.autograd.grad(_loss(model, images, labels), [v.value for v in variables])


_GRADIENTS = {
    "tensorflow": _tensorflow_gradients,
    "jax": _jax_gradients,
    "torch": _torch_gradients,
}


class GradientNorms(OnImages):
    """Writes gradients.csv: the norms at initialization, epoch 0, and after each epoch.

    Args:
        run: the folder of the training.
    """

    def __init__(self, run: RunFolder):
        super().__init__()
        self.run = run
        self.rows: list[dict] = []
        self.begun = False

    def on_epoch_begin(self, epoch, logs=None):
        if self.begun:
            return
        self.begun = True
        self.rows = [row for row in read_gradients(self.run) if row["epoch"] <= epoch]
        if epoch == 0:
            self._add(0)

    def on_epoch_end(self, epoch, logs=None):
        self._add(epoch + 1)

    def _add(self, epoch):
        if self.labelled is None:
            return
        images, labels = self.labelled.images[:IMAGES], self.labelled.labels[:IMAGES]
        norms = gradient_norms(self.model, np.asarray(images), np.asarray(labels))
        self.rows = [row for row in self.rows if row["epoch"] != epoch]
        self.rows += [{"epoch": epoch, "stage": n, "norm": norm} for n, norm in norms.items()]
        if self.rows:
            write_table(self.run.file(FILE), self.rows)


def read_gradients(run: RunFolder) -> list[dict]:
    """The rows of gradients.csv, none where it is missing.

    Raises:
        UserError: if the file is damaged.
    """
    file = run.file(FILE)
    return read_table(file, COLUMNS).to_dict("records") if file.is_file() else []
