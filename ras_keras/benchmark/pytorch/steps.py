"""Steps of a PyTorch network: it predicts, or is trained."""

from collections.abc import Callable

import numpy as np

from ras_keras.recipes.optimization import OptimizationRecipe

COMPILE = {"inductor": {}, "frozen": {"options": {"freezing": True}}}


def torch_step(
    network,
    optimization: OptimizationRecipe | None,
    layout: str,
    compiler: str,
    precision: str,
    images: np.ndarray,
    labels: np.ndarray,
) -> Callable:
    """One step of a PyTorch network on a batch that is in memory.

    Args:
        network: of `twin`, which is changed.
        optimization: of training; None predicts.
        layout: of the maps, "channels-last" or "channels-first".
        compiler: a key of `COMPILE`, or any other for none.
        precision: "float32", or "mixed_bfloat16" by autocast.
        images: uint8 (N, H, W, 3).
        labels: int (N,).
    """
    import torch

    images, labels = torch_images(images, layout), torch.from_numpy(labels)
    if optimization is None:
        predict = torch_prediction(network, layout, compiler, precision)
        return lambda: predict(images)
    run = _compiled(network.train(), layout, compiler, precision)
    optimizer = torch.optim.SGD(
        network.parameters(),
        optimization.learning_rate,
        optimization.momentum,
        weight_decay=optimization.weight_decay,
        fused=True,
    )

    def train():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(run(images).float(), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return train


def torch_prediction(network, layout: str, compiler: str, precision: str) -> Callable:
    """What predicts by a PyTorch network, from its images to probabilities in numpy.

    Args:
        network: of `twin`, which is changed.
        layout: as `torch_step` takes it, like the others.
        compiler: likewise.
        precision: likewise.
    """
    import torch

    run = _compiled(network.eval(), layout, compiler, precision)

    def predict(images):
        with torch.inference_mode():
            return torch.softmax(run(images).float(), 1).numpy()

    return predict


def _compiled(network, layout, compiler, precision) -> Callable:
    import torch

    if layout == "channels-last":
        network = network.to(memory_format=torch.channels_last)
    if compiler in COMPILE:
        network = torch.compile(network, fullgraph=True, **COMPILE[compiler])

    def run(images):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "mixed_bfloat16"):
            return network(images)

    return run


def torch_images(images, layout):
    """(N, H, W, 3) as PyTorch's (N, 3, H, W), laid out in memory as asked."""
    import torch

    images = torch.from_numpy(images).permute(0, 3, 1, 2)
    formats = {
        "channels-first": torch.contiguous_format,
        "channels-last": torch.channels_last,
    }
    return images.contiguous(memory_format=formats[layout])
