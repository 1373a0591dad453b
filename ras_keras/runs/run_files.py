"""What the JSON files of a run hold."""

from typing import Annotated, Literal, NotRequired, TypedDict

from ras_keras.values.typed import Amount, Count, Natural, Share, Text, That


class Outcome(TypedDict):
    """How good the weights of an epoch are."""

    epoch: Natural
    selected_on: NotRequired[str]
    val_accuracy: NotRequired[Share]
    test_loss: NotRequired[Amount | None]
    test_accuracy: NotRequired[Share]
    test_top5_accuracy: NotRequired[Share]


class Result(TypedDict):
    """What came out of a run: result.json."""

    protocol: Literal["held-out", "paper"]
    dataset: str
    training_images: Count
    test_images: NotRequired[Count]
    trainable_parameters: Count
    epochs: Natural
    device: NotRequired[str]
    seconds: Amount
    peak_memory_bytes: NotRequired[Natural]
    final: Outcome
    best: Outcome


class Start(TypedDict):
    """One start of a run."""

    started: NotRequired[str]
    command: NotRequired[list[str]]
    backend: Text
    device: NotRequired[str]
    replicas: NotRequired[Count]
    python: NotRequired[str]
    packages: NotRequired[dict[str, str | None]]
    platform: NotRequired[str]
    git_commit: NotRequired[str | None]


# environment.json
Starts = Annotated[list[Start], That(len, "a list of at least one start")]
