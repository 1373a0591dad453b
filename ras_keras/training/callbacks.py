"""What happens around the epochs of a run."""

import math
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from ras_keras.data.image_dataset import Images
from ras_keras.errors import Argument, UserError
from ras_keras.gates.gates import ALIVE, Gates, spread
from ras_keras.runs import best_model, state
from ras_keras.runs.run_folder import RunFolder
from ras_keras.text.numbers import duration


class Interrupted(Exception):
    """Ctrl-C or SIGTERM, raised between two steps."""


class Diverged(UserError):
    """The loss or a weight is no longer a finite number."""

    def after(self, epoch: int, file: Path, rate: float) -> "Diverged":
        """The same with the way out.

        Args:
            epoch: the last good one.
            file: of its model.
            rate: the learning rate then.
        """
        return Diverged(
            f"{self}; the model after epoch {epoch} is {file}. Lower ",
            Argument("learning_rate"),
            f" (it was {rate:g}).",
        )


class StopOnSignal(keras.callbacks.Callback):
    """Turns the first Ctrl-C or SIGTERM into `Interrupted` at the end of the step under way.

    A second one is left to Python, which stops at once.
    """

    def __init__(self):
        super().__init__()
        self.received = None
        self.previous = {}

    def on_train_begin(self, logs=None):
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.previous[number] = signal.signal(number, self._note)

    def _note(self, number, frame):
        self.received = number
        self.release()

    def release(self) -> None:
        """Gives the signals back to who had them before."""
        for number, handler in self.previous.items():
            signal.signal(number, handler)
        self.previous = {}

    def on_train_batch_end(self, batch, logs=None):
        if self.received is not None:
            raise Interrupted(signal.Signals(self.received).name)

    on_test_batch_end = on_epoch_end = on_train_batch_end

    def on_train_end(self, logs=None):
        self.release()


class StopOnNaN(keras.callbacks.Callback):
    """Raises `Diverged` as soon as the loss, or after an epoch a weight, is NaN or infinite."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise Diverged(
                f"loss became {logs['loss']} at step {batch + 1} of epoch {self.epoch + 1}"
            )

    def on_epoch_end(self, epoch, logs=None):
        if not all(np.isfinite(value).all() for value in state.capture(self.model)):
            raise Diverged(
                f"a weight was no longer finite after the last step of epoch {epoch + 1}"
            )


# A spread of rounding errors.
DEAD = 1e-6


class OnImages(keras.callbacks.Callback):
    """A callback that looks at a fixed batch of images, which `train` gives to it."""

    def set_images(
        self,
        images: np.ndarray,
        labelled: Images | None = None,
        class_names: Sequence[str] = (),
    ) -> None:
        """Takes what it looks at before training begins.

        Args:
            images: the batch, uint8 (N, H, W, 3).
            labelled: all the images that it is the beginning of, with their labels.
            class_names: of the labels.
        """
        self.images = images
        self.labelled = labelled
        self.class_names = tuple(class_names)


class GateSpread(OnImages):
    """Logs how alive the gates are.

    `gate_spread` is the standard deviation of V across a fixed batch of images,
    averaged over the channels of a layer and then over layers. A gate that does
    not look at its input has a spread of 0; after the first epoch a notice says so,
    unless that is what the layer is for.
    """

    def on_train_begin(self, logs=None):
        self.gates = Gates(self.model)

    def on_epoch_end(self, epoch, logs=None):
        gates = self.gates(self.images)
        if gates:
            logs["gate_spread"] = spread(gates)
            if epoch == 0 and logs["gate_spread"] < DEAD and not self._constant_by_design():
                tqdm.write(f"notice   {self._dead(logs['gate_spread'])}")

    def _constant_by_design(self) -> bool:
        return all(getattr(layer, "constant_by_design", False) for layer in self.gates.layers)

    def _dead(self, found: float) -> str:
        gammas = [getattr(layer, "gamma", None) for layer in self.gates.layers]
        remedy = "the attention ras:gamma_initializer=0.1 starts off the saddle"
        if not any(gamma is not None and _is_dead(gamma) for gamma in gammas):
            remedy = "more steps, another learning rate or another attention may wake them"
        return (
            "no attention so far: after the first epoch the gates do not look at the image "
            f"(spread {found:.1g}, below {DEAD:g}); {remedy}"
        )


def _is_dead(gamma: keras.Variable) -> bool:
    return bool(np.abs(keras.ops.convert_to_numpy(gamma)).max() < ALIVE)


class EpochWriter(keras.callbacks.Callback):
    """Writes best.keras, metrics.csv and the state after each epoch, in this order.

    The state comes last: a run that is killed in between does the epoch again
    and writes the same files once more. Behind it comes only the copy of best.keras.

    Args:
        run: the folder.
        network: what best.keras is, the network in training or its average.
        class_names: that travel with it.
        progress: the record so far; goes on from there.
        images_per_epoch: for the speed.
        choose: columns of the figure whose highest value is the best epoch's, and of a loss that
            chooses among equals; None for no choice.
        rename: what the prefix "val_" of a logged name becomes.
    """

    def __init__(
        self,
        run: RunFolder,
        network: keras.Model,
        class_names: Sequence[str],
        progress: state.Progress,
        images_per_epoch: int,
        choose: tuple[str, str] | None,
        rename: str = "val_",
    ):
        super().__init__()
        self.run = run
        self.network = network
        self.class_names = class_names
        self.progress = progress
        self.images_per_epoch = images_per_epoch
        self.choose = choose
        self.rename = rename

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.trained = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        now = time.perf_counter()
        # TensorBoard makes the folder of its events, and that of the run with it.
        self.run.check_there()
        values = state.capture(self.model)
        logs["images_per_second"] = self.images_per_epoch / (self.trained - self.started)
        progress = self.progress
        progress.epoch = epoch + 1
        row = (
            {"epoch": epoch + 1}
            | {name.replace("val_", self.rename): float(value) for name, value in logs.items()}
            | {"seconds": now - self.started}
        )
        if self.choose:
            figure, loss = self.choose
            accuracy = row[figure]
            if best_model.is_better(progress, accuracy, row[loss], loss):
                progress.best_accuracy, progress.best_epoch = accuracy, epoch + 1
                best_model.write(self.run, self.network, self.class_names, progress)
        progress.history.append(row)
        self.run.write_metrics(progress.history)
        state.save(self.run, values, progress)
        best_model.keep_copy(self.run, progress)


_FIGURES = {
    "accuracy": "train",
    "val_accuracy": "held-out",
    "test_accuracy": "test",
    "val_ap50": "held-out AP50",
}


class ProgressBar(keras.callbacks.Callback):
    """A bar over the whole run with the time left, and a line per epoch.

    Args:
        progress: the record, whose last row is the line.
        epochs: of the whole run.
        steps_per_epoch: steps of one of them.
    """

    def __init__(self, progress: state.Progress, epochs: int, steps_per_epoch: int):
        super().__init__()
        self.progress = progress
        self.epochs = epochs
        self.steps_per_epoch = steps_per_epoch
        # Shows nothing until the training begins.
        self.bar = tqdm(disable=True)

    def on_train_begin(self, logs=None):
        self.bar = tqdm(
            total=self.epochs * self.steps_per_epoch,
            initial=self.progress.epoch * self.steps_per_epoch,
            unit="step",
            smoothing=0,
            # A log file gets a line now and then.
            mininterval=0.1 if sys.stderr.isatty() else 60,
        )
        self.began = time.perf_counter()
        self.first = self.progress.epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.before = epoch * self.steps_per_epoch
        self.bar.set_description(f"epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(self.before + batch + 1 - self.bar.n)
        self.bar.set_postfix_str(f"loss {logs['loss']:.3f}", refresh=False)

    def on_epoch_end(self, epoch, logs=None):
        row = self.progress.history[-1]
        done = epoch + 1
        left = (time.perf_counter() - self.began) / (done - self.first) * (self.epochs - done)
        parts = [f"epoch {done}/{self.epochs}", f"loss {row['loss']:.3f}"]
        for name, label in _FIGURES.items():
            share = row.get(name)
            if share is not None:
                parts.append(f"{label} {100 * share:.2f} %")
        if "gate_spread" in row:
            parts.append(f"gate spread {row['gate_spread']:.2g}")
        parts += [f"{row['images_per_second']:.0f} images/s", f"{duration(left)} left"]
        self.bar.write("  ".join(parts))

    def close(self) -> None:
        self.bar.close()

    def on_train_end(self, logs=None):
        self.close()
