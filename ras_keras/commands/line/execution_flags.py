"""The flags that say what runs a saved model, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from ras_keras.export.fast_copy import Runtime, with_runtime
from ras_keras.inference.execution_plan import ExecutionPlan, Precision
from ras_keras.inference.predictor import Predictor, open_predictor
from ras_keras.values.typed import Bounds


@dataclass(frozen=True)
class CallFlags:
    """How a runtime is called."""

    streams: Annotated[int, Bounds(1, 1_000)] | None = None
    """Calls side by side, on a CPU; None is one a core."""
    micro_batch: Annotated[int, Bounds(1, 100_000)] | None = None
    """Images of each such call, at most; None is as many as fit the cache, 8 of 32x32 pixels, in
    TensorFlow 32."""

    def plan(self, threads: int | None = None, precision: Precision = "float32") -> ExecutionPlan:
        return ExecutionPlan(self.streams, self.micro_batch, threads, precision)


@dataclass(frozen=True)
class ExecutionFlags(CallFlags):
    """What runs a model; without these flags what is fastest here."""

    runtime: Runtime = "auto"
    """What runs a .keras file: auto is OpenVINO, folded and equal to Keras to 1e-5, where it is
    installed and there are 1,000 images or no end of them; an exported model has its own."""
    precision: Precision = "float32"
    """What OpenVINO computes in; bfloat16 needs a processor that has it, and changes labels."""

    def open(self, model: str, imports: Sequence[str]) -> Predictor:
        """Opens a model, a `.keras` file by Keras.

        Args:
            model: a `.keras` file, a run folder, or an exported model.
            imports: modules that define layers of the user's.

        Raises:
            UserError: if it cannot be opened.
        """
        return open_predictor(model, imports, self.plan(precision=self.precision))

    def with_runtime(self, predictor: Predictor, images: int | None) -> Predictor:
        """The same model in the runtime of the flags.

        Args:
            predictor: as `open` returned it.
            images: that will be predicted, None for no end of them.

        Raises:
            UserError: if it cannot run it.
        """
        plan = self.plan(precision=self.precision)
        return with_runtime(predictor, self.runtime, images, plan)
