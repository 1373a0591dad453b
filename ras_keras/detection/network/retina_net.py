"""RetinaNet over any backbone with a pyramid."""

from dataclasses import dataclass
from typing import Any

import keras

from ras_keras.backend.policies import dtype_policy
from ras_keras.backend.recursion import deep_graphs
from ras_keras.detection.network.anchors import Anchors
from ras_keras.detection.network.feature_pyramid import feature_pyramid
from ras_keras.detection.network.heads import head
from ras_keras.detection.network.losses import detection_losses
from ras_keras.errors import Argument, ArgumentError
from ras_keras.values.checks import check_at_least_one, check_positive, is_integer

NEEDED = ("P3", "P4", "P5")
# At fewer pixels P5 is a single place, and so are the levels above it.
LEAST_SIDE = 32


@keras.saving.register_keras_serializable("ras_keras")
class RetinaNet(keras.Model):
    """One-stage detector: a feature pyramid, two heads that all levels share, the focal loss.

    It is trained by `fit` on batches of images and {"boxes": (N, M, 4), "classes": (N, M)}: left,
    top, right and bottom in pixels, and numbers from 0, -1 where an image has fewer than M objects.
    The box of an object whose number is `classes` or more is learned, and that it is of no class.
    `compile(optimizer)` is all that it needs; another loss and weights of images are refused.

    Args:
        backbone: a functional model from raw pixels (N, H, W, 3) to its pyramid, a dict with "P3",
            "P4" and "P5" among its maps, such as
            `ResNet50(include_top=False, features_only=True)`; of images of 32 pixels a side or
            more.
        classes: kinds of objects.
        channels: of the pyramid and the heads.
        anchor_scale: side of a level's smallest anchor, in strides.
        norm_eval: whether the backbone normalizes by its moving statistics in training too; its
            scales and offsets are trained all the same.
        frozen_stages: first stages of the backbone, its stem with them, whose weights and
            statistics stay as they are: their layers in `backbone` itself are set to
            `trainable = False`. mmdetection's 1 and more are the same; its -1 is 0 here, which
            leaves the backbone as it is given; its 0, the stem alone, is not to be had.
        dtype: name of the policy of the pyramid and the heads; None is Keras's own. The backbone
            has that with which it was made.
        name: of the model.

    Inputs:
        (N, H, W, 3), raw pixels.

    Outputs:
        {"boxes": (N, A, 4), "classes": (N, A, classes)}, float32: of each anchor how far its object
        is off, and logits. `detector` makes boxes of them.

    Raises:
        ValueError: for an argument that does not fit, naming it.

    Source: Lin et al., arXiv 1708.02002, in the form of mmdetection 2 that the RLA-Net paper
    (arXiv 2110.11852) trained.
    """

    @deep_graphs()
    def __init__(
        self,
        backbone: keras.Model,
        classes: int = 80,
        channels: int = 256,
        anchor_scale: float = 4.0,
        norm_eval: bool = False,
        frozen_stages: int = 0,
        dtype: str | None = None,
        name: str | None = "retina_net",
    ):
        classes = check_at_least_one("classes", classes)
        channels = check_at_least_one("channels", channels)
        anchor_scale = check_positive("anchor_scale", anchor_scale)
        images, maps = _checked(backbone)
        _freeze(backbone, frozen_stages)
        with dtype_policy(dtype or keras.config.dtype_policy().name):
            inputs = keras.Input(images, name="images")
            maps = (InferenceMode(backbone) if norm_eval else backbone)(inputs)
            pyramid = feature_pyramid(maps, channels)
            outputs = {
                "boxes": head(pyramid, 4, "boxes", channels),
                "classes": head(pyramid, classes, "classes", channels, prior=True),
            }
            super().__init__(inputs=inputs, outputs=outputs, name=name)
        self.backbone = backbone
        self.classes = classes
        self.channels = channels
        self.anchors = Anchors(images[0], images[1], anchor_scale)
        self.norm_eval = norm_eval
        self.frozen_stages = int(frozen_stages)
        self._class_loss = keras.metrics.Mean(name="class_loss")
        self._box_loss = keras.metrics.Mean(name="box_loss")

    @property
    def loss(self) -> None:
        """None: `compile` takes no other loss than the network's own.

        That is said here, for Keras leaves a model that overrides `compile` uncompiled when it is
        loaded.
        """

    @loss.setter
    def loss(self, loss) -> None:
        if loss is not None:
            raise ArgumentError.of("loss", "must be left out: the network has its own", loss)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if sample_weight is not None:
            raise ArgumentError(Argument("sample_weight"), " is not taken; leave it out.")
        anchors = keras.ops.convert_to_tensor(self.anchors.boxes())
        of_classes, of_boxes = detection_losses(anchors, y, y_pred)
        self._class_loss.update_state(of_classes)
        self._box_loss.update_state(of_boxes)
        loss = of_classes + of_boxes
        for each in self.losses:
            loss += keras.ops.cast(each, "float32")
        return loss

    def get_config(self) -> dict[str, Any]:
        return {
            "backbone": keras.saving.serialize_keras_object(self.backbone),
            "classes": self.classes,
            "channels": self.channels,
            "anchor_scale": self.anchors.scale,
            "norm_eval": self.norm_eval,
            "frozen_stages": self.frozen_stages,
            "dtype": self.dtype_policy.name,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects=None) -> "RetinaNet":
        backbone = keras.saving.deserialize_keras_object(
            config["backbone"], custom_objects=custom_objects
        )
        return cls(**config | {"backbone": backbone})


@keras.saving.register_keras_serializable("ras_keras")
class InferenceMode(keras.layers.Wrapper):
    """A network as in inference, in training too.

    Keras 3.15 gives the layers of a functional model the mode of the model, whatever `training`
    they were called with.
    """

    def call(self, inputs):
        return self.layer(inputs, training=False)


def _checked(backbone) -> tuple[tuple[int, ...], dict]:
    """The shape of a backbone's images, and its pyramid."""
    maps: Any = getattr(backbone, "output", None)
    lacking = [each for each in NEEDED if not isinstance(maps, dict) or each not in maps]
    if lacking:
        raise ValueError(
            f"`backbone` must give a pyramid with {', '.join(NEEDED)}, as a network does with "
            f"`include_top=False, features_only=True`. Received: one without {', '.join(lacking)}"
        )
    shape = backbone.input_shape[1:]
    if None in shape:
        raise ValueError(
            f"`backbone` must take images of one height and width. Received: input_shape={shape}"
        )
    if min(shape[:2]) < LEAST_SIDE:
        raise ValueError(
            f"`backbone` must take images of {LEAST_SIDE} pixels a side or more. Received: "
            f"input_shape={shape}"
        )
    misplaced = off_stride(backbone)
    if misplaced:
        raise ValueError(
            f"`backbone` must give {misplaced.name} at stride {misplaced.stride}, "
            f"{misplaced.expected} for these images. Received: {misplaced.found}"
        )
    return shape, maps


@dataclass(frozen=True)
class OffStride:
    """A map whose size is not that of the images over its stride, rounded up.

    Attributes:
        name: of the map, such as "P3".
        stride: 8, 16 or 32.
        expected: height and width.
        found: likewise.
    """

    name: str
    stride: int
    expected: tuple[int, ...]
    found: tuple[int, ...]


def off_stride(backbone: keras.Model) -> OffStride | None:
    """The first map of a pyramid, of P3 to P5, that no anchors would fit, if there is one."""
    for level, name in enumerate(NEEDED, 3):
        expected = tuple(-(-size // 2**level) for size in backbone.input_shape[1:3])
        found = tuple(backbone.output[name].shape[1:3])
        if found != expected:
            return OffStride(name, 2**level, expected, found)
    return None


def _freeze(backbone: keras.Model, stages: int) -> None:
    def known(stage):
        return any(layer.name.startswith(f"stage{stage}_") for layer in backbone.layers)

    if not is_integer(stages) or stages < 0 or (stages and not known(stages)):
        raise ArgumentError.of(
            "frozen_stages",
            "must be an integer from 0 to the number of stages that the backbone has",
            stages,
        )
    names = ("stem", *(f"stage{number + 1}_" for number in range(stages)))
    for layer in backbone.layers if stages else ():
        if layer.name.startswith(names):
            # Of one that was saved so, the parts are not yet; and setting what is set does nothing.
            layer.trainable = True
            layer.trainable = False
