"""PyTorch checkpoints, read without running anything that is pickled in them."""

import re
from pathlib import Path

import numpy as np

from ras_keras.errors import UserError, first_line
from ras_keras.imports import import_torch

STATE = "state_dict"


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a checkpoint, floating ones as float32.

    Args:
        path: of a file by torch.save: a dict of tensors, or one with such a dict as "state_dict".

    Raises:
        UserError: if PyTorch is not installed, or the file is missing, damaged, or holds other
            objects than tensors and plain values.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise UserError(f"{path}: {what}; name a checkpoint that torch.save wrote.")
    torch = import_torch("import_weights")
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    # A file that is no checkpoint makes the reader fail in any way.
    except Exception as error:
        unknown = re.search(r"(?:Unsupported (?:global|class|operand)\S*|GLOBAL) (\S+)", str(error))
        if "weights_only" in str(error) or unknown:
            named = f" ({unknown[1]})" if unknown else ""
            raise UserError(
                f"{path} is refused: it holds more than tensors and plain values{named}, and "
                "reading that could run code; have its owner save the state_dict alone."
            ) from error
        raise UserError(
            f"{path} is damaged or no checkpoint of torch.save; copy or save it again."
        ) from error
    state = loaded.get(STATE, loaded) if isinstance(loaded, dict) else loaded
    if not isinstance(state, dict) or not all(map(torch.is_tensor, state.values())) or not state:
        raise UserError(
            f"{path} holds no dict of tensors, bare or as {STATE!r}; save the network's "
            "state_dict()."
        )
    arrays = {str(name): _array(torch, path, name, tensor) for name, tensor in state.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise UserError(
                f"{path}: the entry {name} holds numbers that are not finite; its training "
                "diverged, so take an earlier checkpoint."
            )
        if name.endswith("running_var") and (array < 0).any():
            raise UserError(
                f"{path}: the entry {name} holds variances below 0; copy or save it again."
            )
    return arrays


def _array(torch, path, name, tensor):
    if not str(name).isprintable():
        raise UserError(f"{path} holds an entry of the name {name!r:.80}; save it under another.")
    if tensor.is_complex():
        raise UserError(f"{path}: the entry {name} is complex; save it as real numbers.")
    if tensor.is_floating_point():
        tensor = tensor.to(torch.float32)
    try:
        return tensor.numpy()
    except (TypeError, RuntimeError) as error:
        raise UserError(
            f"{path}: the entry {name} is no dense array ({first_line(error)}); save it as one."
        ) from error
