"""What every network has around its body: pixels at one end, classes at the other."""

import math
from collections.abc import Callable, Sequence

import keras
from keras import layers

from ras_keras.backend.recursion import deep_graphs
from ras_keras.errors import ArgumentError
from ras_keras.models.parts.layers import NormalizationLike, channel_axis, normalized_by
from ras_keras.models.parts.starting_weights import CLASSIFIER, give_weights
from ras_keras.pixels import CIFAR10_MEAN, CIFAR10_VARIANCE
from ras_keras.pretrained import named
from ras_keras.values.checks import check_at_least_one, check_rate, plain

MOST_CLASSES = 1_000_000
# Divided by the root of less, 255 would be near the end of float16.
LEAST_VARIANCE = 1e-4


@deep_graphs()
def image_classifier(
    body: Callable,
    name: str,
    *,
    end: Callable | None = None,
    first_level: int = 0,
    dropout: float = 0.0,
    normalization: NormalizationLike = "batch_norm",
    include_top: bool = True,
    weights: str | None = None,
    input_shape: Sequence[int | None] = (32, 32, 3),
    pooling: str | None = None,
    classes: int | None = None,
    classifier_activation: str | None = "softmax",
    features_only: bool = False,
    mean: Sequence[float] | None = None,
    variance: Sequence[float] | None = None,
) -> keras.Model:
    """A network that takes raw pixels, 0..255: normalization is its first layer.

    Args:
        body: from the normalized images to the maps that its stages end in, or to
            the last one.
        name: of the model.
        end: from the last stage's map to what is pooled; None is the map itself.
        first_level: of the pyramid: l of the stride 2^l at which the first stage works.
        dropout: between the pooling and the classifier, in [0, 1).
        normalization: "batch_norm", or "iebn" for instance enhancement batch
            normalization in its place, wherever the network has one.
        include_top: whether pooling and the classifier are part of it.
        weights: what to start from: the name of a model of the package
            (`ras-keras models`) or of the data set that it was trained on; the
            path of a saved `.keras` model or `.weights.h5` file of this network,
            with its classifier or without; None for a random start.
        input_shape: (H, W, channels), or (channels, H, W) if Keras is set to
            channels first; H and W may be None.
        pooling: without the top, what ends the network: None for the last map,
            "avg" or "max" for a vector.
        classes: of the classifier, an integer from 1 to 1,000,000; None for
            those of a model of the package, else 10.
        classifier_activation: of the classifier; None for logits.
        features_only: whether the model gives the pyramid, the maps that its
            stages end in, and `end`, pooling and classifier are left out;
            `include_top` must be False then.
        mean: of each channel, in pixel units; None for that of the data of a
            model of the package, else CIFAR-10's.
        variance: of each channel, in squared pixel units; likewise.

    Returns:
        A functional `keras.Model` from (N, H, W, channels) to (N, classes);
        without the top to the body's map or one vector of its channels; of
        features only to a dict such as {"P2": (N, H/4, W/4, C), ...}.

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.
    """
    trained = next(iter(named(weights)), None)
    if mean is None:
        mean = trained.mean if trained else CIFAR10_MEAN
    if variance is None:
        variance = trained.variance if trained else CIFAR10_VARIANCE
    input_shape = _checked_input_shape(input_shape, mean, variance)
    if classes is None:
        classes = trained.classes if trained else 10
    classes = check_at_least_one("classes", classes, MOST_CLASSES)
    if trained and include_top and classes != trained.classes:
        raise ValueError(
            f"`classes` must be {trained.classes} for weights={weights!r}, or left out; with "
            f"`include_top=False` the classifier is your own. Received: classes={classes}"
        )
    check_rate("dropout", dropout)
    if pooling not in (None, "avg", "max"):
        raise ValueError(f"`pooling` must be None, 'avg' or 'max'. Received: pooling={pooling!r}")

    if features_only and (include_top or pooling is not None):
        raise ValueError(
            "`features_only` has neither a classifier nor a pooling: give `include_top=False` and "
            f"`pooling=None`. Received: include_top={include_top}, pooling={pooling!r}"
        )

    inputs = keras.Input(input_shape, name="images")
    x = layers.Normalization(
        axis=channel_axis(),
        mean=[float(each) for each in mean],
        variance=[float(each) for each in variance],
        dtype="float32",
        name="normalization",
    )(inputs)
    with normalized_by(normalization):
        maps = body(x)
        maps = maps if isinstance(maps, list) else [maps]
        x = maps[-1]
        # Of a pyramid the end is built for the weights alone, which a classifier's file has for it.
        if end is not None and (weights is not None or not features_only):
            x = end(x)
    if include_top or pooling == "avg":
        x = layers.GlobalAveragePooling2D(name="average_pooling")(x)
    elif pooling == "max":
        x = layers.GlobalMaxPooling2D(name="max_pooling")(x)
    if include_top and dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    if include_top:
        x = dense_classifier(x, classes, classifier_activation)
    if features_only:
        pyramid = {f"P{level}": each for level, each in enumerate(maps, first_level)}
        model = keras.Model(inputs, pyramid, name=name)
        if weights is not None:
            _give_pyramid(model, keras.Model(inputs, [*maps, x], name=name), weights)
        return model
    model = keras.Model(inputs, x, name=name)
    if weights is not None:
        give_weights(model, weights)
    return model


def _give_pyramid(model: keras.Model, whole: keras.Model, weights: str) -> None:
    """Gives a pyramid the weights of a network that goes on behind it, or of a pyramid.

    Args:
        model: the pyramid.
        whole: the same with the end behind it.
        weights: as for `give_weights`.

    Raises:
        ArgumentError: if they are neither's, with what keeps them from being the whole network's.
    """
    try:
        give_weights(whole, weights)
    except ArgumentError as misfit:
        try:
            give_weights(model, weights)
        except ArgumentError:
            raise misfit from None


def dense_classifier(x, classes: int, activation: str | None = "softmax"):
    """Probabilities of the classes, in float32, of vectors of features."""
    limit = x.shape[-1] ** -0.5
    return layers.Dense(
        classes,
        activation,
        kernel_initializer=keras.initializers.RandomUniform(-limit, limit),
        bias_initializer=keras.initializers.RandomUniform(-limit, limit),
        dtype="float32",
        name=CLASSIFIER,
    )(x)


def _checked_input_shape(input_shape, mean, variance):
    shape = plain(tuple(input_shape))
    if len(shape) != 3 or shape[0 if channel_axis() == 1 else 2] is None:
        raise ValueError(
            "`input_shape` must hold height, width and a known number of channels, such as "
            f"(32, 32, 3). Received: input_shape={shape}"
        )
    channels = shape[0 if channel_axis() == 1 else 2]
    if not len(mean) == len(variance) == channels:
        raise ValueError(
            f"`mean` and `variance` must have a number for each of the {channels} channels of "
            f"input_shape={shape}. Received: mean={tuple(mean)}, variance={tuple(variance)}"
        )
    if not all(map(math.isfinite, (*mean, *variance))) or min(variance) < LEAST_VARIANCE:
        raise ValueError(
            f"`mean` must be finite and `variance` at least {LEAST_VARIANCE}, in squared pixel "
            "units; give a channel that is constant that of photographs, 4096. Received: "
            f"mean={tuple(mean)}, variance={tuple(variance)}"
        )
    return shape
