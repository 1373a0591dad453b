"""How a runtime uses the cores of a machine: many small calls side by side, not one large one."""

import os
from dataclasses import dataclass

# Pixels of a call, of 8 images of 32x32: the maps of so many stay in the cache of a core.
PIXELS_A_CALL = 8 * 32 * 32
# Of TensorFlow, in which a call itself costs more.
PIXELS_OF_TENSORFLOW = 32 * 32 * 32
# Of a GPU, which takes all that there is at once.
PIXELS_ON_GPU = 2**62


@dataclass(frozen=True)
class ExecutionPlan:
    """Streams, each with its own threads, that micro-batches are given to.

    Attributes:
        streams: calls at a time; None for one a core.
        micro_batch: the most images of a call; None for as many as have `PIXELS_A_CALL` pixels.
        threads: of all streams together; None for one a core.
    """

    streams: int | None = None
    micro_batch: int | None = None
    threads: int | None = None

    def settled(
        self, height: int | None, width: int | None, a_call: int = PIXELS_A_CALL
    ) -> tuple[int, int, int]:
        """Streams, threads of each, and images of a micro-batch.

        Args:
            height: of the images in pixels, None where any size fits.
            width: likewise.
            a_call: pixels of a micro-batch, where the plan leaves it open.
        """
        threads = self.threads or os.cpu_count() or 1
        streams = self.streams or threads
        pixels = height * width if height and width else a_call
        images = self.micro_batch or max(1, a_call // pixels)
        return streams, max(1, threads // streams), images
