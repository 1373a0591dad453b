"""A PyTorch network in processes of one thread, each pinned to a core of its own."""

import io
import signal
import time
from multiprocessing import get_context

import numpy as np
import psutil

from ras_keras.backend.devices import core_numbers
from ras_keras.benchmark.pytorch.settings import Setting
from ras_keras.benchmark.pytorch.steps import torch_images, torch_prediction
from ras_keras.errors import UserError, first_line

# Of a call: more took longer for each image on 2 cores, and fewer did too.
BATCH_SIZE = 32
# Of a measurement, and until it begins.
SECONDS, LEAD = 2.0, 0.1


class Processes:
    """Processes that predict the same images again and again, as long as they are asked to.

    Args:
        number: of processes.
        network: of `twin`.
        setting: how it is run.
        precision: as `torch_prediction` takes it.
        images: uint8 (N, H, W, 3), of which each process is given `batch_size` a call.

    Attributes:
        batch_size: images of a call.
    """

    def __init__(self, number: int, network, setting: Setting, precision: str, images: np.ndarray):
        import torch

        self.batch_size = min(BATCH_SIZE, len(images))
        # A batch of another size would be compiled anew.
        images = images[: len(images) // self.batch_size * self.batch_size]
        content = io.BytesIO()
        torch.save(network, content)
        given = (content.getvalue(), setting, precision, images, self.batch_size)
        context = get_context("spawn")
        self._processes, self._pipes = [], []
        for core in _cores(number):
            here, there = context.Pipe()
            process = context.Process(target=_work, args=(there, core, *given), daemon=True)
            process.start()
            there.close()
            self._processes.append(process)
            self._pipes.append(here)
        self._warm = False

    def __call__(self) -> np.ndarray:
        """One measurement; the first time the probabilities of the images, when all are compiled.

        Raises:
            UserError: if a process fails.
        """
        if self._warm:
            return self.images_per_second()
        self._warm = True
        return self._answers()[0]

    def images_per_second(self) -> float:
        """Of all processes together, within the same seconds.

        Raises:
            UserError: if a process fails.
        """
        begin = time.monotonic() + LEAD
        return sum(self._answers((begin, begin + SECONDS))) / SECONDS

    def close(self) -> None:
        """Ends the processes."""
        for process in self._processes:
            process.kill()
            process.join()

    def _answers(self, question=None):
        try:
            for pipe in self._pipes if question else ():
                pipe.send(question)
            answers = [pipe.recv() for pipe in self._pipes]
        except (EOFError, ConnectionError) as error:
            raise UserError(
                "a process of PyTorch was killed, for want of memory perhaps."
            ) from error
        for answer in answers:
            if isinstance(answer, str):
                raise UserError(f"a process of PyTorch failed: {answer}")
        return answers


def _cores(number: int) -> list[int | None]:
    """A core for each process, None where the operating system pins none."""
    cores = core_numbers()
    if cores is None:
        return [None] * number
    return [cores[place % len(cores)] for place in range(number)]


def _work(pipe, core, content, setting, precision, images, batch_size) -> None:
    """What a process does: sends the probabilities, then the images that each window held."""
    # Whoever started it ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if core is not None:
            psutil.Process().cpu_affinity([core])
        import torch

        torch.set_num_threads(1)
        # The network itself, of a process of ours.
        network = torch.load(io.BytesIO(content), weights_only=False)
        predict = torch_prediction(network, setting.layout, setting.compiler, precision)
        starts = range(0, len(images), batch_size)
        parts = [torch_images(images[at : at + batch_size], setting.layout) for at in starts]
        found = [predict(part) for part in parts]
        pipe.send(np.concatenate(found))
        while True:
            pipe.send(_within(lambda: predict(parts[0]), batch_size, *pipe.recv()))
    except (EOFError, ConnectionError):
        return
    # Whatever PyTorch raises is told.
    except Exception as error:
        pipe.send(first_line(error))


def _within(step, batch_size: int, begin: float, end: float) -> float:
    """Images of steps from `begin` to `end`, the last step's by its share of the time."""
    time.sleep(max(0.0, begin - time.monotonic()))
    count, now = 0.0, time.monotonic()
    while now < end:
        step()
        began, now = now, time.monotonic()
        count += batch_size * (1.0 if now <= end else (end - began) / (now - began))
    return count
