"""Checkpoints of torchvision and of the RLA authors become models of the same outputs."""

import numpy as np
import pytest

import ras_keras
from ras_keras.commands import run

torch = pytest.importorskip("torch")

from tests.conformance.fixed_weights import fixed_images  # noqa: E402
from tests.conformance.subjects import outputs  # noqa: E402
from tests.convert.imagenet_networks import (  # noqa: E402
    MobileNetV2,
    ResNet,
    RLAMobileNetV2,
    RLAResNet,
)
from tests.deploy.authors_networks import randomized  # noqa: E402
from tests.tiers import tiered  # noqa: E402

pytestmark = pytest.mark.slow

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE, CLASSES = 64, 7
OF_50 = (3, 4, 6, 3)
RLA = ["--aggregation", "rla"]
CASES = {
    "resnet18": (lambda: ResNet((2, 2, 2, 2), CLASSES, basic=True), "imagenet_resnet", []),
    "resnet50": (lambda: ResNet(OF_50, CLASSES), "imagenet_resnet", []),
    "resnext50": (lambda: ResNet(OF_50, CLASSES, groups=32, base=4), "imagenet_resnet", []),
    "rla": (lambda: RLAResNet(OF_50, CLASSES), "imagenet_resnet", RLA),
    "rla, 8 channels": (lambda: RLAResNet(OF_50, CLASSES, 8), "imagenet_resnet", RLA),
    "rla, eca": (
        lambda: RLAResNet(OF_50, CLASSES, attention="eca"),
        "imagenet_resnet",
        [*RLA, "--attention", "eca"],
    ),
    "rla, se": (
        lambda: RLAResNet(OF_50, CLASSES, attention="se"),
        "imagenet_resnet",
        [*RLA, "--attention", "se"],
    ),
    "mobilenet_v2": (lambda: MobileNetV2(CLASSES), "mobilenet_v2", []),
    "mobilenet_v2, rla": (lambda: RLAMobileNetV2(CLASSES), "mobilenet_v2", RLA),
    "mobilenet_v2, full rla, eca": (
        lambda: RLAMobileNetV2(CLASSES, attention="eca", depthwise=False),
        "mobilenet_v2",
        ["--aggregation", "rla:depthwise=False", "--attention", "eca"],
    ),
}
# What these have the others have too.
LARGE = ("resnet50", "rla", "rla, se")


def imported(tmp_path, network, *arguments):
    torch.save(network.state_dict(), tmp_path / "x.pth")
    flags = [tmp_path / "x.pth", "--image-size", SIZE, *arguments]
    return run("import_weights", [*map(str, flags)], "python scripts/import_weights.py")


def moderate(network):
    """At random weights whose branches do not outgrow their shortcuts: rounding would grow too."""
    network = randomized(network)
    state = network.state_dict()
    for name, tensor in state.items():
        if name.endswith(("bn3.weight", "conv.2.weight", "conv.3.weight")) and tensor.ndim == 1:
            tensor *= 0.3
    return network


@pytest.mark.parametrize("case", tiered(CASES, large=lambda case: case in LARGE))
def test_outputs_agree(tmp_path, case):
    make, model, flags = CASES[case]
    network = moderate(make())
    assert imported(tmp_path, network, "--model", model, *flags) == 0
    images = fixed_images((4, SIZE, SIZE, 3))
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(each).reshape(1, 3, 1, 1) for each in (MEAN, STD))
    with torch.no_grad():
        expected = centred(network((x - mean) / std).numpy())
    answer = expected.std(axis=0).max()
    assert answer > 1e-3 * np.abs(expected).max()
    model = ras_keras.load_model(tmp_path / "x.keras")
    found = centred(np.log(outputs(model, images)))
    error = np.abs(found - expected).max()
    assert error < 1e-4 * np.abs(expected).max()
    assert error < 0.02 * answer, "so is what differs between images"


def centred(logits):
    """Logits, which probabilities leave open up to a number that all have."""
    return logits - logits.mean(axis=1, keepdims=True)


def test_another_variant_names_the_entries(tmp_path, capsys):
    network = RLAResNet(OF_50, CLASSES)
    assert imported(tmp_path, network, "--model", "imagenet_resnet") == 2
    assert "left over: stages.0.0.conv1.weight" in capsys.readouterr().err
    assert imported(tmp_path, network, "--model", "imagenet_resnet", *RLA, "--attention", "se") == 2
    assert "missing: stages.0.0" in capsys.readouterr().err
    variant = ["--aggregation", "rla:variant=v1post"]
    assert imported(tmp_path, network, "--model", "imagenet_resnet", *variant) == 2
    assert "left over: bn2.weight" in capsys.readouterr().err
