"""The numbers of gates, against numpy on all of their values at once."""

import keras
import numpy as np
import pytest

from ras_keras.folding.folding import fold
from ras_keras.gates.gates import Gates, Place
from ras_keras.gates.pictures import ColourScale, gate_heat_map, stages
from ras_keras.gates.statistics import CONSTANT, SAMPLE, GateStatistics
from ras_keras.gates.study import GateStudy, study_gates
from ras_keras.gates.table import gate_table
from ras_keras.layers import RecurrentAttention, make_attention
from ras_keras.models import ResNet
from tests.conformance.table import LAYERS
from tests.layers.reference import BatchNorm, recurrent_attention

CLASSES = ("a", "b", "c")


def filled(v, labels=None, classes=1, batch=7):
    statistics = GateStatistics(len(v), classes)
    for start in range(0, len(v), batch):
        part = slice(start, start + batch)
        statistics.add(v[part], None if labels is None else labels[part])
    return statistics


def test_statistics_over_batches_are_those_over_all():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 1000)
    v = np.float32(0.27 + 0.01 * labels[:, None] + 0.02 * random.standard_normal((1000, 5)))
    found = filled(v, labels, classes=3)
    np.testing.assert_allclose(found.mean, v.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.deviation, v.std(axis=0), rtol=1e-5)
    means = np.stack([v[labels == label].mean(axis=0) for label in (0, 1)])
    np.testing.assert_allclose(found.class_means[:2], means, rtol=1e-5)
    assert np.isnan(found.class_means[2]).all()
    weights = np.bincount(labels) / len(labels)
    between = (weights[:, None] * (means - v.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(found.variance_between_classes, between, rtol=1e-3)
    assert found.class_share == pytest.approx(between.sum() / v.var(axis=0).sum(), rel=1e-3)
    kept = np.concatenate(found.sample)
    np.testing.assert_array_equal(kept, v[::4])
    assert len(kept) <= SAMPLE
    assert found.percentile(5) == pytest.approx(np.percentile(v, 5), abs=2e-3)


def test_a_spread_near_the_rounding_of_float32_is_measured():
    v = np.float32(0.27) + np.float32([[0], [3e-8], [6e-8]])
    assert filled(v).spread == pytest.approx(np.float64(v).std(), rel=1e-3)


@pytest.mark.parametrize(
    ("far", "moving", "verdict"), [(0.5 * CONSTANT, 0, "constant"), (2 * CONSTANT, 1, "moves")]
)
def test_the_threshold(far, moving, verdict):
    v = 0.27 + far * np.float32([[1, 1], [-1, -1]])
    statistics = filled(v, np.int32([0, 1]), classes=2)
    assert statistics.moving == moving
    assert statistics.class_share == (pytest.approx(1, abs=1e-3) if moving else None)
    gates = Gates(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    gates.layers, gates.places = [keras.layers.Identity()], [Place("own", None, 1)]
    (row,) = GateStudy(gates, 2, ("a", "b"), [[statistics]]).rows()
    assert row["verdict"] == verdict


def study_of(attention, config=None, images=40):
    """A study of a ResNet11 over random images of three classes."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (images, 32, 32, 3), "uint8")
    # Gates pool: images of equal brightness would look alike to them.
    pixels = np.uint8(pixels * random.random((images, 1, 1, 3)))
    labels = np.arange(images) % len(CLASSES)
    gates = Gates(ResNet(11, attention=attention, attention_config=config))
    batches = [(pixels[:32], labels[:32]), (pixels[32:], labels[32:])]
    return study_gates(gates, batches, images, CLASSES), pixels


@pytest.mark.slow
def test_the_published_start_is_called_a_constant_and_another_one_not():
    study, _ = study_of("ras")
    assert {row["verdict"] for row in study.rows()} == {"constant"}
    assert study.verdict().startswith("all 3 gates are constants: no attention (spread below 0.001")
    study, pixels = study_of("ras", {"gamma_initializer": 1.0})
    assert {row["verdict"] for row in study.rows()} == {"moves"}
    assert study.verdict().startswith("all 3 gates move with the image")
    for row, v in zip(study.rows(), study.gates(pixels), strict=True):
        assert row["spread"] == pytest.approx(v.std(axis=0).mean(), rel=1e-4)
        assert row["gamma_alive"] == 1


def test_some_of_the_gates():
    study, _ = study_of("ras", {"gamma_initializer": 1.0})
    still = filled(np.full((40, 64), 0.27))
    for count, says in ((1, "1 of 3 gates is a constant"), (2, "2 of 3 gates are constants")):
        recurrence = [[still]] * count + study.recurrence[count:]
        assert GateStudy(study.gates, 40, (), recurrence).verdict().startswith(says)


# Those that weigh places as well have no number for a channel; GE's default has.
WITH_GATES = [row.name for row in LAYERS if "gate" in row.shows] + ["ge"]


def test_those_that_weigh_places_have_none():
    """`explain` draws their maps."""
    study, _ = study_of("simam")
    assert study.rows() == []
    assert {row.name for row in LAYERS} - {*WITH_GATES} == {
        *("gc", "bam", "coordinate", "simam", "triplet", "shuffle")
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_GATES)
def test_every_attention_has_gates(name):
    study, pixels = study_of(name)
    assert [place.stage for place in study.gates.places] == [1, 2, 3]
    assert all(
        len(applications) == (2 if name == "ras" else 1) for applications in study.recurrence
    )
    lines = gate_table(study.rows()).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1
    gates = [v[0] for v in study.gates(pixels[:1])]
    figure = gate_heat_map(study.gates.places, gates, "one image")
    assert [axes.get_title() for axes in figure.axes[:3]] == [
        f"stage {stage}, {channels} channels" for stage, channels in enumerate((64, 128, 256), 1)
    ]


def test_a_network_without_gates():
    study, _ = study_of("none")
    assert study.rows() == []
    assert study.verdict() == "the network has no gates: no attention"


def test_a_folded_network_has_the_gates_of_the_original_without_their_recurrence():
    model = ResNet(11, attention_config={"gamma_initializer": 1.0})
    x = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), "uint8")
    original, folded = Gates(model), Gates(fold(model))
    assert folded.places == original.places
    for a, b in zip(original(x), folded(x), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
    assert [len(applications) for applications in folded.recurrence(x)] == [1, 1, 1]


def test_gates_of_a_network_of_ones_own():
    """Layers are named and counted where there are no stages."""
    x = inputs = keras.Input((8, 8, 3))
    for filters in (4, 4, 6):
        x = RecurrentAttention(1)(keras.layers.Conv2D(filters, 3)(x))
    gates = Gates(keras.Model(inputs, x))
    assert [(place.stage, place.block) for place in gates.places] == [(None, i) for i in (1, 2, 3)]
    v = gates(np.zeros((2, 8, 8, 3), "uint8"))
    titles = [
        (stage.title, stage.blocks) for stage in stages(gates.places, [each[0] for each in v])
    ]
    assert titles == [("4 channels", [1, 2]), ("6 channels", [3])]
    assert gates.rows(np.zeros((2, 8, 8, 3), "uint8"))[2]["stage"] is None


@pytest.mark.parametrize("normalize_input", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_the_recurrence_is_that_of_the_equations(normalize_input, shared):
    """V after i of k applications is the gate of the first i, in numpy."""
    random = np.random.default_rng(0)
    layer = RecurrentAttention(k=3, normalize_input=normalize_input, shared=shared)
    x = np.float32(random.standard_normal((4, 5, 5, 6)))
    layer.build(x.shape)
    layer.set_weights([np.float32(random.random(w.shape) + 0.5) for w in layer.weights])
    weights = [keras.ops.convert_to_numpy(w) for w in layer.transforms[0].weights]
    found = [keras.ops.convert_to_numpy(v) for v in layer.recurrence(x)]
    assert len(found) == 3
    np.testing.assert_array_equal(found[-1], keras.ops.convert_to_numpy(layer.gate(x)))
    norms = [
        BatchNorm(*(keras.ops.convert_to_numpy(w) for w in each.weights), 0.9, each.epsilon)
        for each in layer.connections
    ]
    for k, v in enumerate(found if shared else found[:1], 1):
        expected, _ = recurrent_attention(x, *weights, k, normalize_input, norms, training=False)
        np.testing.assert_allclose(v, expected, rtol=1e-5)


def test_a_layer_without_a_recurrence_has_its_gate():
    layer = make_attention("cbam")
    inputs = keras.Input((8, 8, 16))
    gates = Gates(keras.Model(inputs, layer(inputs)))
    x = np.float32(np.random.default_rng(0).random((2, 8, 8, 16)))
    ((v,),) = gates.recurrence(x)
    np.testing.assert_allclose(v, keras.ops.convert_to_numpy(layer.gate(x)), rtol=1e-6)


def test_constants_have_no_colours():
    """A scale is never so narrow that it would show what counts as a constant."""
    values = [0.27 + 1e-4 * np.random.default_rng(0).standard_normal(64)]
    for scale in (
        ColourScale.of_gates(values, "V"),
        ColourScale.of_deviations([np.full(64, 1e-4)], "deviation"),
        ColourScale.of_differences([values[0] - 0.27], "difference"),
    ):
        assert scale.high - scale.low >= 3 * CONSTANT
