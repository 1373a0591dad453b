"""Our networks as image encoders of KerasHub's detectors."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("ras_keras")
class ImageEncoder(keras.Model):
    """A network with a pyramid that has it as `pyramid_outputs`, which KerasHub reads.

    `keras_hub.models.RetinaNetBackbone(image_encoder=ImageEncoder(network), ...)` builds on its
    maps. Nothing of KerasHub is needed here.

    Args:
        network: a functional model from pixels to its pyramid, a dict such as {"P3": ..., ...}, as
            a network of ours is with `include_top=False, features_only=True`.
        name: of the model, the network's if None.

    Raises:
        ValueError: for a network without a pyramid.
    """

    def __init__(self, network: keras.Model, name: str | None = None):
        maps: Any = getattr(network, "output", None)
        if not isinstance(maps, dict):
            raise ValueError(
                "`network` must give a pyramid, as a network does with `include_top=False, "
                f"features_only=True`. Received: network={network!r}"
            )
        super().__init__(inputs=network.input, outputs=maps, name=name or network.name)
        self.network = network
        self.pyramid_outputs = maps

    def get_config(self) -> dict[str, Any]:
        return {
            "network": keras.saving.serialize_keras_object(self.network),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects=None) -> "ImageEncoder":
        network = keras.saving.deserialize_keras_object(
            config["network"], custom_objects=custom_objects
        )
        return cls(network, config["name"])
