"""RetinaNet: its parameters, its training, its files."""

import keras
import numpy as np
import pytest

from ras_keras.backend.keras_graph import all_layers
from ras_keras.backend.policies import dtype_policy
from ras_keras.detection import RetinaNet, detector
from ras_keras.detection.network.losses import detection_losses
from ras_keras.errors import Argument, ArgumentError
from ras_keras.export.precision import half_precision, in_float32
from ras_keras.models import ImageNetResNet, ResNet18, RLAResNet50
from ras_keras.saving.loading import load_model

SHAPE = (64, 96, 3)


def backbone(shape=SHAPE):
    """As small as a network with a pyramid can be, with the layers' names of ours."""
    x = inputs = keras.Input(shape)
    maps = {}
    for name, strides in (("stem", 4), ("stage1_1", 2), ("stage2_1", 2), ("stage3_1", 2)):
        x = keras.layers.Conv2D(8, 3, strides, "same", name=f"{name}_conv")(x / 255)
        x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
        maps[f"P{len(maps) + 2}"] = x
    return keras.Model(inputs, maps, name="backbone")


def small(**options):
    return RetinaNet(backbone(), **{"classes": 3, "channels": 8} | options)


def batch(images=2):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (images, *SHAPE)).astype("uint8")
    boxes = np.tile(np.array([[8, 8, 40, 40], [0, 0, 0, 0]], "float32"), (images, 1, 1))
    return pixels, {"boxes": boxes, "classes": np.tile([1, -1], (images, 1))}


def parameters(variables):
    return sum(int(np.prod(each.shape)) for each in variables)


def trained(model, steps=3):
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9))
    pixels, objects = batch()
    return model.fit(pixels, objects, epochs=steps, verbose=0, shuffle=False).history


def test_published_parameters():
    network = RLAResNet50(include_top=False, features_only=True, input_shape=(64, 64, 3))
    model = RetinaNet(network)
    assert parameters(network.trainable_variables) == 23_789_568
    assert parameters(model.trainable_variables) == 38_250_228


def test_it_trains_on_both_parts_of_its_loss():
    model = small()
    history = trained(model)
    np.testing.assert_allclose(
        history["loss"], np.add(history["class_loss"], history["box_loss"]), rtol=1e-5
    )
    assert history["class_loss"][-1] < history["class_loss"][0]
    # The prior: about as much as a network costs that expects an object at one anchor of a hundred.
    outputs = model.predict(batch()[0], verbose=0)
    assert outputs["boxes"].shape == (2, sum(model.anchors.counts), 4)
    assert 0.001 < (1 / (1 + np.exp(-outputs["classes"]))).mean() < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"norm_eval": True, "frozen_stages": 1}])
def test_saved_and_loaded(tmp_path, options):
    model = small(anchor_scale=2.0, **options)
    trained(model, 1)
    file = tmp_path / "model.keras"
    model.save(file)
    again = load_model(file)
    configs = model.get_config(), again.get_config()
    for each in configs:
        del each["backbone"]
    assert configs[0] == configs[1]
    paths = {variable.path for variable in model.trainable_variables}
    assert {variable.path for variable in again.trainable_variables} == paths
    pixels = batch()[0]
    for name, outputs in model.predict(pixels, verbose=0).items():
        np.testing.assert_array_equal(again.predict(pixels, verbose=0)[name], outputs)
    whole = detector(model, score_threshold=0.0)
    whole.save(file)
    for name, outputs in whole.predict(pixels, verbose=0).items():
        np.testing.assert_array_equal(load_model(file).predict(pixels, verbose=0)[name], outputs)


@pytest.mark.slow
def test_over_a_network_with_attention():
    network = ImageNetResNet(18, "ras", include_top=False, features_only=True, input_shape=SHAPE)
    history = trained(RetinaNet(network, classes=3, channels=8), 2)
    assert history["loss"][1] < history["loss"][0]


@pytest.mark.slow
def test_norm_eval_keeps_statistics_and_trains_scales():
    kept, moved = small(norm_eval=True), small()
    for model, same in ((kept, True), (moved, False)):
        layer = model.backbone.get_layer("stage1_1_bn")
        before = [np.array(each) for each in (layer.moving_mean, layer.beta)]
        trained(model)
        assert np.array_equal(layer.moving_mean, before[0]) == same
        assert not np.array_equal(layer.beta, before[1])


@pytest.mark.slow
def test_frozen_stages():
    model = small(frozen_stages=1)
    frozen = {
        variable.path: np.array(variable)
        for layer in model.backbone.layers
        if layer.name.startswith(("stem", "stage1_"))
        for variable in layer.variables
    }
    others = len(model.trainable_variables)
    assert len(small().trainable_variables) > others
    trained(model, 1)
    assert len(frozen) == 12
    for layer in model.backbone.layers:
        for variable in layer.variables:
            if variable.path in frozen:
                np.testing.assert_array_equal(variable, frozen[variable.path])


def test_frozen_stages_of_an_aggregation():
    """The convolutions that the blocks of the first stage share, and their normalizations."""
    network = RLAResNet50(include_top=False, features_only=True, input_shape=(32, 32, 3))
    before = parameters(network.trainable_variables)
    RetinaNet(network, classes=3, channels=8, frozen_stages=1)
    assert before - parameters(network.trainable_variables) == 249_088
    frozen = {layer.name for layer in network.layers if layer.weights and not layer.trainable}
    assert {name for name in frozen if "aggregation" in name} == {
        *("stage1_aggregation_out", "stage1_aggregation_recurrent"),
        *(f"stage1_block{block}_aggregation_bn" for block in (1, 2, 3)),
    }


def test_no_frozen_stages_leave_a_backbone_as_it_is():
    network = backbone()
    network.get_layer("stage2_1_conv").trainable = False
    RetinaNet(network, classes=3, channels=8)
    assert [layer.name for layer in network.layers if not layer.trainable] == ["stage2_1_conv"]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float32"])
def test_a_file_keeps_the_precision(tmp_path, policy):
    """Whatever Keras computes in where it is loaded."""
    file = tmp_path / "model.keras"
    with dtype_policy(policy):
        model = small()
        model.save(file)
    with dtype_policy({"float32": "mixed_bfloat16"}.get(policy, "float32")):
        again = load_model(file)
    found = [
        {
            layer.name: layer.dtype_policy.name
            for layer in all_layers(each)
            if layer.weights and not isinstance(layer, keras.Model)
        }
        for each in (model, again)
    ]
    assert found[0] == found[1]
    assert {*found[0].values()} == {policy}
    assert half_precision(in_float32(again)) is None


def test_a_map_of_odd_size():
    network = ResNet18(include_top=False, features_only=True, input_shape=(72, 104, 3))
    model = RetinaNet(network, classes=1, channels=8)
    assert model.output["boxes"].shape == (None, sum(model.anchors.counts), 4)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"classes": 0}, "classes"),
        ({"channels": 0}, "channels"),
        ({"anchor_scale": 0}, "anchor_scale"),
        ({"frozen_stages": 5}, "frozen_stages"),
        ({"frozen_stages": -1}, "frozen_stages"),
        ({"frozen_stages": None}, "frozen_stages"),
        ({"frozen_stages": "x"}, "frozen_stages"),
        ({"frozen_stages": 1.0}, "frozen_stages"),
    ],
)
def test_what_is_refused(options, named):
    with pytest.raises(ArgumentError, match=f"`{named}` must be") as refusal:
        small(**options)
    assert refusal.value.args[0] == Argument(named)


def test_losses_and_weights_of_others_are_refused():
    pixels, objects = batch()
    model = small()
    model.compile("sgd")
    with pytest.raises(ArgumentError, match="`sample_weight` is not taken"):
        model.fit(pixels, objects, sample_weight=np.ones(2), verbose=0)
    with pytest.raises(ArgumentError, match="`loss` must be left out"):
        model.compile("sgd", "mse")


def test_a_number_that_is_no_class_trains_the_box_alone():
    model, (pixels, objects) = small(classes=3), batch()
    outputs = model.predict(pixels, verbose=0)
    found = [
        detection_losses(
            model.anchors.boxes(), objects | {"classes": np.tile([label, -1], (2, 1))}, outputs
        )
        for label in (1, 3, 70)
    ]
    of_classes, of_boxes = np.array(found).T
    assert of_boxes[0] == of_boxes[1] == of_boxes[2] > 0
    assert of_classes[0] > of_classes[1] == of_classes[2]


@pytest.mark.parametrize(
    ("network", "named"),
    [
        (lambda: ResNet18(input_shape=SHAPE), "P3, P4, P5"),
        (
            lambda: ResNet18(include_top=False, features_only=True, input_shape=(None, None, 3)),
            "input_shape",
        ),
        (lambda: backbone((16, 96, 3)), "32 pixels a side or more"),
        (lambda: backbone((96, 8, 3)), "32 pixels a side or more"),
    ],
)
def test_a_backbone_that_does_not_fit(network, named):
    with pytest.raises(ValueError, match=named):
        RetinaNet(network())
