"""PyTorch checkpoints, read without running anything that is pickled in them."""

import re
from pathlib import Path

import numpy as np

from ras_keras.backend.imports import import_torch
from ras_keras.errors import UserError, first_line

# Where trainers keep the weights among other things.
STATES = ("state_dict", "model_state_dict", "model", "net", "network", "ema", "model_ema")
# The count of torch.optim.swa_utils.AveragedModel, beside the weights.
AVERAGED = "n_averaged"


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a checkpoint, floating ones as float32.

    Args:
        path: of a file by torch.save: a dict of tensors, or one that holds such a dict as one of
            `STATES`, at any depth; parameters are tensors too.

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
    state = _state(path, torch, loaded)
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


def _state(path, torch, loaded) -> dict:
    """The dict of tensors in what was loaded.

    Raises:
        UserError: if there is none, or several.
    """
    found = dict(_states(torch, loaded, ()))
    if not found:
        raise UserError(
            f"{path} holds no dict of tensors, bare or as {', '.join(map(repr, STATES))}; save the "
            "network's state_dict()."
        )
    if len(found) > 1:
        names = " and ".join(".".join(place) or "its own entries" for place in found)
        raise UserError(
            f"{path} holds the weights of several networks, {names}; save the one that is meant."
        )
    (state,) = found.values()
    return {name: tensor for name, tensor in state.items() if name != AVERAGED}


def _states(torch, value, place):
    """Every dict of tensors alone, by the keys that lead to it."""
    if not isinstance(value, dict) or not value:
        return
    if all(map(torch.is_tensor, value.values())):
        yield place, value
        return
    for name in STATES:
        yield from _states(torch, value.get(name), (*place, name))


def _array(torch, path, name, tensor):
    if not str(name).isprintable():
        raise UserError(f"{path} holds an entry of the name {name!r:.80}; save it under another.")
    if tensor.is_complex():
        raise UserError(f"{path}: the entry {name} is complex; save it as real numbers.")
    if tensor.is_floating_point():
        tensor = tensor.to(torch.float32)
    try:
        # A parameter asks for gradients, which an array has not.
        return tensor.detach().numpy()
    except (TypeError, RuntimeError) as error:
        raise UserError(
            f"{path}: the entry {name} is no dense array ({first_line(error)}); save it as one."
        ) from error
