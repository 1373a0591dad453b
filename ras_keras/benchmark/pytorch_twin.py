"""The same network in PyTorch, with the weights of ours."""

from collections.abc import Callable

import keras
import numpy as np

from ras_keras.backend.recursion import deep_graphs
from ras_keras.errors import Argument, UserError
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.recipes.optimization import OptimizationRecipe

TOLERANCE = 1e-4
# What the PyTorch network knows of recurrent attention.
TWIN_OPTIONS = {"k", "normalize_input", "gamma_initializer", "beta_initializer"}
COMPILE = {"inductor": {}, "frozen": {"options": {"freezing": True}}}


def check_twin(network: NetworkRecipe) -> None:
    """Refuses a network that has not been written in PyTorch.

    Raises:
        UserError: saying which have.
    """
    attention, config = network.attention_arguments()
    unknown = set(config or ()) - TWIN_OPTIONS
    if attention not in (None, "ras") or unknown:
        raise UserError(
            Argument("attention"),
            f": {network.describe_attention()} has not been written in PyTorch; choose "
            f"none, or ras with options among {', '.join(sorted(TWIN_OPTIONS))}.",
        )


def twin(recipe: NetworkRecipe, model: keras.Model, images: np.ndarray):
    """The PyTorch network with the weights of ours, once it is clear that they agree.

    Args:
        recipe: of a network that `check_twin` passed.
        model: that network of ours.
        images: uint8 (N, H, W, 3), on which they are compared.

    Raises:
        UserError: if probabilities or logits differ by more than `TOLERANCE`.
    """
    import torch

    from ras_keras.benchmark.pytorch_resnet import Resnet, copy_weights

    attention, config = recipe.attention_arguments()
    options = {"k": 2, "normalize_input": True} | (config or {})
    network = Resnet(
        recipe.depth,
        model.output_shape[-1],
        attention is not None,
        options["k"],
        options["normalize_input"],
    ).eval()
    copy_weights(model, network)
    with torch.inference_mode():
        logits = network(torch_images(images, "channels-first"))
        probabilities = torch.softmax(logits, 1).numpy()
    with deep_graphs():
        pooled = keras.Model(model.input, model.get_layer("average_pooling").output)
    head = model.get_layer("predictions")
    our_logits = pooled.predict_on_batch(images) @ head.kernel + head.bias
    agree("probabilities", model.predict_on_batch(images), probabilities)
    agree("logits", keras.ops.convert_to_numpy(our_logits), logits.numpy())
    return network


def torch_step(
    network,
    optimization: OptimizationRecipe | None,
    layout: str,
    compiler: str,
    images: np.ndarray,
    labels: np.ndarray,
) -> Callable:
    """One step of a PyTorch network on a batch that is in memory.

    Args:
        network: of `twin`, which is changed.
        optimization: of training; None predicts.
        layout: of the maps, "channels-last" or "channels-first".
        compiler: a key of `COMPILE`, or any other for none.
        images: uint8 (N, H, W, 3).
        labels: int (N,).
    """
    import torch

    images, labels = torch_images(images, layout), torch.from_numpy(labels)
    if layout == "channels-last":
        network = network.to(memory_format=torch.channels_last)
    network.train(optimization is not None)
    run = network
    if compiler in COMPILE:
        run = torch.compile(network, fullgraph=True, **COMPILE[compiler])

    def predict():
        with torch.inference_mode():
            return torch.softmax(run(images), 1).numpy()

    if optimization is None:
        return predict
    optimizer = torch.optim.SGD(
        network.parameters(),
        optimization.learning_rate,
        optimization.momentum,
        weight_decay=optimization.weight_decay,
        fused=True,
    )

    def train():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(run(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return train


def torch_images(images, layout):
    """(N, H, W, 3) as PyTorch's (N, 3, H, W), laid out in memory as asked."""
    import torch

    images = torch.from_numpy(images).permute(0, 3, 1, 2)
    formats = {
        "channels-first": torch.contiguous_format,
        "channels-last": torch.channels_last,
    }
    return images.contiguous(memory_format=formats[layout])


def agree(what: str, ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference between results of our network and of PyTorch's.

    Raises:
        UserError: if it is more than `TOLERANCE`.
    """
    difference = float(np.max(np.abs(np.subtract(ours, theirs))))
    # Written so that NaN is refused too.
    if not difference <= TOLERANCE:
        raise UserError(
            f"{what} of our network and of PyTorch's differ by {difference:.2g}, more than "
            f"{TOLERANCE:g}; they are not the same network, and nothing was timed."
        )
    return float(f"{difference:.2g}")
