"""The ways to run a network that are timed beside each other."""

from dataclasses import dataclass, replace

from ras_keras.benchmark.networks.speed import INFERENCE, TRAINING


@dataclass(frozen=True)
class Setting:
    """A way to run the network.

    Attributes:
        framework: "tensorflow", "openvino" or "pytorch".
        layout: of the maps, "channels-last" or "channels-first".
        compiler: "graph" (TensorFlow's own), "xla", "openvino", "none", "inductor", or "frozen",
            the inductor with the weights folded and packed.
        kinds: what it exists for.
        folded: whether by `ras_keras.fold`.
        plain: whether without attention and aggregation.
        processes: whether in a process of one thread on each core.
    """

    framework: str
    layout: str
    compiler: str
    kinds: tuple[str, ...] = (INFERENCE, TRAINING)
    folded: bool = False
    plain: bool = False
    processes: bool = False


OURS, OPENVINO, PLAIN = "ours", "ours-openvino", "ours-openvino-plain"
DEPLOYED = Setting("openvino", "channels-last", "openvino", (INFERENCE,), folded=True)
SETTINGS = {
    OURS: Setting("tensorflow", "channels-last", "graph"),
    "ours-jit": Setting("tensorflow", "channels-last", "xla"),
    "ours-folded": Setting("tensorflow", "channels-last", "graph", (INFERENCE,), folded=True),
    OPENVINO: DEPLOYED,
    PLAIN: replace(DEPLOYED, plain=True),
    "pytorch": Setting("pytorch", "channels-first", "none"),
    "pytorch-channels-last": Setting("pytorch", "channels-last", "none"),
    "pytorch-compile": Setting("pytorch", "channels-first", "inductor"),
    "pytorch-compile-channels-last": Setting("pytorch", "channels-last", "inductor"),
    "pytorch-frozen": Setting("pytorch", "channels-last", "frozen", (INFERENCE,)),
    "pytorch-processes": Setting(
        "pytorch", "channels-last", "frozen", (INFERENCE,), processes=True
    ),
}
