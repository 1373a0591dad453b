"""Attention in a backbone of KerasHub, where that is installed."""

import numpy as np
import pytest

import ras_keras
from ras_keras.insertion.other_classes import for_other_classes
from tests.insertion.networks import images


def test_a_resnet_backbone(tmp_path):
    keras_hub = pytest.importorskip("keras_hub")
    backbone = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 128],
        stackwise_num_blocks=[2, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(32, 32, 3),
    )
    made = ras_keras.add_attention(backbone, "ras", start="identity")
    assert sum(each.name.endswith("_attention") for each in made.layers) == 3
    x = images()
    np.testing.assert_allclose(
        made.predict_on_batch(x), backbone.predict_on_batch(x), rtol=1e-5, atol=1e-5
    )
    made.save(tmp_path / "backbone.keras")
    loaded = ras_keras.load_model(tmp_path / "backbone.keras")
    np.testing.assert_array_equal(loaded.predict_on_batch(x), made.predict_on_batch(x))
    # A backbone ends in a map, behind which the classifier goes.
    assert for_other_classes(loaded, 3).model.output_shape == (None, 3)
