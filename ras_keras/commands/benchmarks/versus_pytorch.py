"""A network beside the same in PyTorch."""

from dataclasses import dataclass
from typing import Annotated, Literal

from ras_keras.backend.devices import cores
from ras_keras.benchmark.networks.listed import network_recipes
from ras_keras.benchmark.networks.speed import INFERENCE, TRAINING
from ras_keras.benchmark.pytorch import versus
from ras_keras.benchmark.pytorch.settings import SETTINGS
from ras_keras.benchmark.pytorch.twin import check_twin
from ras_keras.commands.benchmarks.common import Repeats, Spelled, Steps, needs_tensorflow
from ras_keras.commands.line.fields import File, among
from ras_keras.errors import UserError
from ras_keras.inference.formats import check_installed
from ras_keras.inference.runtimes import check_precision
from ras_keras.layers.registry import NONE
from ras_keras.models.parts.classifier import MOST_CLASSES
from ras_keras.values.choices import one_of
from ras_keras.values.typed import Bounds

OPENVINO = "openvino"
USUAL = tuple(name for name, each in SETTINGS.items() if each.framework != OPENVINO)
OURS = tuple(name for name in SETTINGS if name.startswith("ours"))


@dataclass(frozen=True)
class BenchmarkVersusPytorch:
    """Time a network and the same in PyTorch in turn, on a CPU (extra peers)."""

    what: Literal["both", "inference", "training"] = "both"
    """What is timed."""
    settings: tuple[Annotated[str, among(SETTINGS)], ...] = USUAL
    """Ways to run it; ours as it is, is always timed. Those with openvino need its extra."""
    ours: Annotated[str, among(OURS)] = "ours"
    """Which of ours the others are set beside in inference."""
    model: Spelled = "resnet"
    """resnet or imagenet_resnet."""
    depth: int = 83
    """Of the network: 9n+2; of imagenet_resnet 50, 101 or 152."""
    attention: Spelled = "ras"
    """none, or for resnet ras, options may follow: ras:k=2,normalize_input=False."""
    aggregation: Spelled = NONE
    """none, or for imagenet_resnet rla, options may follow: rla:channels=32."""
    image_size: int = 32
    """Height and width of the images in pixels."""
    classes: Annotated[int, Bounds(1, MOST_CLASSES)] = 10
    """Of the classifier."""
    batch_size: int = 128
    """Images per batch."""
    threads: Annotated[int, Bounds(1, 10_000)] = cores()
    """Of both frameworks."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Of both frameworks: mixed_bfloat16 is PyTorch's autocast, and bfloat16 in OpenVINO."""
    seed: int = 0
    """Of the weights and the images."""
    repeats: Repeats = 5
    """Rounds in which all settings are timed in turn; the median counts."""
    steps: Steps = 2
    """Batches per measurement."""
    output: File | None = None
    """CSV file for the figures, such as results/versus-pytorch.csv."""


def measure(options: BenchmarkVersusPytorch) -> list[dict]:
    needs_tensorflow("be timed beside PyTorch on equal terms; compare")
    kinds = {"both": (INFERENCE, TRAINING), INFERENCE: (INFERENCE,), TRAINING: (TRAINING,)}
    for name in options.settings:
        one_of("--settings", name, SETTINGS)
    one_of("--ours", options.ours, OURS)
    wanted = kinds[options.what]
    fitting = [
        name for name in (*options.settings, options.ours) if {*wanted} & {*SETTINGS[name].kinds}
    ]
    for name in options.settings if options.settings != USUAL else ():
        if name not in fitting:
            raise UserError(
                f"--settings {name} is for inference alone, and --what {options.what} times none; "
                "leave it out."
            )
    if any(SETTINGS[name].framework == OPENVINO for name in fitting):
        check_installed(OPENVINO)
        check_precision("float32" if options.precision == "float32" else "bfloat16")
    versus.prepare(options.threads)
    (recipe,) = network_recipes(
        (options.model,),
        (options.depth,),
        (options.attention,),
        (options.aggregation,),
        names=("model", "attention", "aggregation"),
        image_size=options.image_size,
        batch_size=options.batch_size,
        seed=options.seed,
        precision=options.precision,
    )
    check_twin(recipe.network)
    return versus.versus_rows(
        recipe,
        wanted,
        options.settings,
        options.classes,
        options.repeats,
        options.steps,
        options.ours,
    )
