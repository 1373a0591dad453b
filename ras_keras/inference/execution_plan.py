"""How a runtime uses the cores of a machine: many small calls side by side, not one large one."""

from dataclasses import dataclass
from typing import Literal

from ras_keras.backend.devices import cores
from ras_keras.errors import ArgumentError

# Pixels of a call, of 8 images of 32x32: the maps of so many stay in the cache of a core.
PIXELS_A_CALL = 8 * 32 * 32
# Of TensorFlow, in which a call itself costs more.
PIXELS_OF_TENSORFLOW = 32 * 32 * 32
# Of a GPU, which takes all that there is at once.
PIXELS_ON_GPU = 2**62

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class ResolvedPlan:
    """A plan that leaves nothing open.

    Attributes:
        streams: calls at a time.
        threads: of each stream.
        micro_batch: the most images of a call.
        precision: that OpenVINO computes in.
    """

    streams: int
    threads: int
    micro_batch: int
    precision: Precision


@dataclass(frozen=True)
class ExecutionPlan:
    """Streams, each with its own threads, that micro-batches are given to.

    Attributes:
        streams: calls at a time; None for one a core.
        micro_batch: the most images of a call; None for as many as have `PIXELS_A_CALL` pixels.
        threads: of all streams together; None for one a core.
        precision: that OpenVINO computes in; others have none to choose.

    Raises:
        ArgumentError: for a number below 1.
    """

    streams: int | None = None
    micro_batch: int | None = None
    threads: int | None = None
    precision: Precision = "float32"

    def __post_init__(self):
        for name in ("streams", "micro_batch", "threads"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ArgumentError.of(name, "must be an integer >= 1", number)

    def resolved(
        self, height: int | None, width: int | None, pixels_per_call: int = PIXELS_A_CALL
    ) -> ResolvedPlan:
        """What a runtime is told.

        Args:
            height: of the images in pixels, None where any size fits.
            width: likewise.
            pixels_per_call: pixels of a micro-batch, where the plan leaves it open.
        """
        threads = self.threads or cores()
        streams = self.streams or threads
        pixels = height * width if height and width else pixels_per_call
        images = self.micro_batch or max(1, pixels_per_call // pixels)
        return ResolvedPlan(streams, max(1, threads // streams), images, self.precision)
