"""The same network in PyTorch, with the weights of ours."""

import keras
import numpy as np

from ras_keras import pixels
from ras_keras.backend.recursion import deep_graphs
from ras_keras.benchmark.pytorch.steps import torch_images
from ras_keras.convert.layouts import naming_of
from ras_keras.convert.pytorch_names import entries_of
from ras_keras.errors import Argument, UserError
from ras_keras.layers.registry import NONE, make_attention
from ras_keras.models import imagenet_resnet, resnet
from ras_keras.models.aggregation import make_aggregation
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.values.choices import one_of
from ras_keras.values.options import split

# Of the largest number that is compared, by what both compute in.
TOLERANCES = {"float32": 1e-4, "mixed_bfloat16": 5e-2}
# What the PyTorch networks know: for each model its attentions and aggregations, with options.
RAS_OPTIONS = {"k", "normalize_input", "gamma_initializer", "beta_initializer"}
KNOWN = {
    "resnet": {"model": {"resnet": set()}, "attention": {"ras": RAS_OPTIONS}, "aggregation": {}},
    "imagenet_resnet": {
        "model": {"imagenet_resnet": set()},
        "attention": {},
        "aggregation": {"rla": {"channels"}},
    },
}


def check_twin(network: NetworkRecipe) -> None:
    """Refuses a network that has not been written in PyTorch.

    Raises:
        UserError: saying which have.
    """
    one_of(Argument("model"), network.family, KNOWN)
    for argument, known in KNOWN[network.family].items():
        given = getattr(network, argument)
        name, options = split(given)
        if name != NONE and (name not in known or options.keys() - known[name]):
            choices = [NONE] if argument != "model" else []
            choices += [_with_options(name, options) for name, options in known.items()]
            raise UserError(
                Argument(argument),
                f": {given} has not been written in PyTorch; choose {', or '.join(choices)}.",
            )
    if network.family == "imagenet_resnet" and not imagenet_resnet.blocks(network.depth)[0]:
        raise UserError(
            Argument("depth"),
            f": imagenet_resnet{network.depth} has not been written in PyTorch; choose 50, 101 or "
            "152.",
        )


def _with_options(name, options) -> str:
    return f"{name} with options among {', '.join(sorted(options))}" if options else name


def twin(recipe: NetworkRecipe, model: keras.Model, images: np.ndarray):
    """The PyTorch network with the weights of ours, once it is clear that they agree.

    Args:
        recipe: of a network that `check_twin` passed.
        model: that network of ours.
        images: uint8 (N, H, W, 3), on which they are compared.

    Raises:
        UserError: if probabilities or logits differ, as `agree` says.
    """
    import torch

    network = _network(recipe, model.output_shape[-1]).eval()
    arrays = entries_of(model, naming_of(recipe))
    counts = {
        name: tensor
        for name, tensor in network.state_dict().items()
        if name.endswith("num_batches_tracked")
    }
    network.load_state_dict(
        {name: torch.from_numpy(array) for name, array in arrays.items()} | counts
    )
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


def _network(recipe: NetworkRecipe, classes: int):
    """The PyTorch network, with weights of its own."""
    from ras_keras.benchmark.pytorch.resnet import Resnet

    layer = make_attention(*recipe.attention_arguments())
    arguments = recipe.arguments()
    aggregation = make_aggregation(arguments["aggregation"], arguments["aggregation_config"])
    large = recipe.family == "imagenet_resnet"
    filters = (imagenet_resnet if large else resnet).STAGE_FILTERS
    mean, variance = pixels.CIFAR10_MEAN, pixels.CIFAR10_VARIANCE
    if large:
        mean, variance = pixels.IMAGENET_MEAN, pixels.IMAGENET_VARIANCE
        widths, blocks = filters, imagenet_resnet.blocks(recipe.depth)[1]
    else:
        widths = [each // resnet.EXPANSION for each in filters]
        blocks = [resnet.blocks(recipe.depth)] * len(widths)
    return Resnet(
        widths,
        blocks,
        classes,
        large=large,
        mean=mean,
        variance=variance,
        state=getattr(aggregation, "channels", 0),
        attention=layer and (layer.k, layer.normalize_input),
    )


def agree(what: str, ours: np.ndarray, theirs: np.ndarray, precision: str = "float32") -> float:
    """The largest difference between results of our network and of PyTorch's.

    Raises:
        UserError: if it is more than what `TOLERANCES` allows of the largest of ours, or not
            finite.
    """
    difference = float(np.max(np.abs(np.subtract(ours, theirs))))
    allowed = TOLERANCES[precision] * float(np.max(np.abs(ours)))
    # Written so that NaN is refused too.
    if not difference <= allowed < np.inf:
        raise UserError(
            f"{what} of our network and of PyTorch's differ by {difference:.2g}, more than "
            f"{allowed:g}; they are not the same network, and nothing was timed."
        )
    return float(f"{difference:.2g}")
