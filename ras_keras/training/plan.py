"""What a run says before it begins."""

import time
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from ras_keras.backend import devices
from ras_keras.backend.processes import hosts, part
from ras_keras.layers.parts.batch_normalization import replicas
from ras_keras.layers.registry import NONE
from ras_keras.recipes.execution import ExecutionRecipe
from ras_keras.recipes.named import NAMED
from ras_keras.recipes.network import SAVED, NetworkRecipe
from ras_keras.recipes.optimization import DescentRecipe, OptimizationRecipe
from ras_keras.recipes.recipe import Recipe
from ras_keras.runs.run_folder import RunFolder
from ras_keras.runs.state import Progress
from ras_keras.text.numbers import counted, duration
from ras_keras.training.averaging import statistics_steps
from ras_keras.training.prepared_data import Data

MEASURED_EXECUTIONS = 3


class Batches(Protocol):
    """Batches as functions of the step."""

    batch_size: int

    def from_step(self, step: int) -> tf.data.Dataset:
        """The endless sequence of batches from a step on."""


def measure(model: keras.Model, batches: Batches) -> float:
    """Seconds a training image takes, compilation apart; moves the weights."""
    ends = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: ends.append(time.perf_counter())
    )
    steps = MEASURED_EXECUTIONS * model.steps_per_execution
    model.fit(
        batches.from_step(0).take(steps),
        steps_per_epoch=steps,
        shuffle=False,
        verbose=0,
        callbacks=[clock],
    )
    return float(np.median(np.diff(ends))) / (model.steps_per_execution * batches.batch_size)


def print_plan(
    recipe: Recipe,
    data: Data,
    model: keras.Model,
    progress: Progress,
    run: RunFolder,
    resume: bool,
) -> None:
    """Says what is about to be done, on what."""
    batches = data.batches
    watched = {
        "paper": f"{len(data.test):,} test images watched every epoch",
        "held-out": f"{len(data.watched) if data.watched else 0:,} held out",
    }[recipe.data.protocol]
    lines = {
        "recipe": _source(recipe),
        "run": f"{run.path}{f', resumed after epoch {progress.epoch}' if resume else ''}",
        "network": f"{recipe.network.describe_model()}{_blocks(recipe.network)}, "
        f"{_attention(recipe.network)}, "
        f"{trainable_parameters(model):,} trainable "
        "parameters",
        "data": f"{recipe.data.dataset}: {len(batches.images):,} training images of "
        f"{data.image_shape[0]}x{data.image_shape[1]}, {watched}, {len(data.test):,} for the test",
        "augment": str(batches.augmentation),
        "descent": f"{describe_descent(recipe.optimization)}{_averaging(recipe.optimization)}",
        "steps": f"epochs {progress.epoch + 1} to {recipe.optimization.epochs}, each of "
        f"{counted(batches.steps_per_epoch, 'step')} of {recipe.optimization.batch_size} images",
        "device": describe_device(model, recipe.execution),
    }
    if replicas() > 1:
        lines["hosts"] = _hosts(batches.batch_size)
    if recipe.network.weights is not None:
        lines["weights"] = f"from {recipe.network.weights}{_pace(recipe.optimization)}"
    if gain := _gain(recipe.execution):
        lines["bfloat16"] = gain
    for name, value in lines.items():
        print(f"{name:8} {value}")
    for notice in (*data.notices, *([batches.left_out] if batches.left_out else ())):
        print(f"notice   {notice}")
    print("time     compiling, timing a few steps: ", end="", flush=True)


def describe_device(model: keras.Model, execution: ExecutionRecipe) -> str:
    """Where a model is trained, by which backend, in which precision."""
    xla = "on" if model.jit_compile else "off"
    return f"{devices.description()}, {keras.backend.backend()}, {execution.precision}, XLA {xla}"


def _gain(execution: ExecutionRecipe) -> str | None:
    """What a processor would gain that computes in less than it is asked for."""
    instruction = devices.bfloat16_instruction()
    if (
        execution.precision != "float32"
        or keras.backend.backend() != "tensorflow"
        or not instruction
    ):
        return None
    return (
        "in precision mixed_bfloat16 a ResNet20 trained about 1.3 to 1.7 times as fast on a "
        f"processor with {instruction}, as this one"
    )


def _hosts(batch_size: int) -> str:
    """How the devices lie on hosts, and what each gets of a batch."""
    devices, processes = replicas(), part()[1]
    shares = f"{batch_size // devices} a device"
    if processes > 1:
        shares = f"{batch_size // processes} a process, {shares}"
    return (
        f"{counted(hosts(), 'host')}, {processes} process{'' if processes == 1 else 'es'}, "
        f"{counted(devices, 'device')}; of each batch of {batch_size} images {shares}"
    )


def _blocks(network: NetworkRecipe) -> str:
    """The kind of its blocks, where the family has several."""
    block = network.arguments().get("block")
    return f" of {block} blocks" if block else ""


def _attention(network: NetworkRecipe) -> str:
    if network.attention == NONE:
        return "no attention added" if network.family == SAVED else "no attention"
    return network.describe_attention()


def _source(recipe: Recipe) -> str:
    """The named recipe that it started from, with its paper."""
    named = NAMED[recipe.recipe]
    return f"{recipe.recipe}: {named.about}{f' ({named.paper})' if named.paper else ''}"


def _pace(recipe: OptimizationRecipe) -> str:
    """How what started from a file goes on."""
    if recipe.freeze:
        return ", frozen"
    return "" if recipe.weights_rate == 1 else f", learning rate times {recipe.weights_rate:g}"


def describe_descent(recipe: DescentRecipe) -> str:
    """The optimizer's settings, those that are on."""
    parts = [f"learning rate {recipe.learning_rate:g}"]
    if recipe.warmup_epochs:
        parts.append(f"{counted(recipe.warmup_epochs, 'epoch')} of warm-up")
    if recipe.decay == "cosine":
        parts.append("cosine decay")
    elif recipe.decay == "exponential":
        parts.append(f"times {recipe.schedule_factor:g} every epoch")
    else:
        epochs = [str(epoch) for epoch in recipe.schedule if epoch < recipe.epochs]
        if epochs:
            parts.append(f"times {recipe.schedule_factor:g} after epoch {', '.join(epochs)}")
        else:
            parts.append("constant")
    parts.append(f"{'Nesterov ' if recipe.nesterov else ''}momentum {recipe.momentum:g}")
    parts.append(f"weight decay {recipe.weight_decay:g}")
    if recipe.clip_norm:
        parts.append(f"gradients of norm {recipe.clip_norm:g} at most")
    return ", ".join(parts)


def _averaging(recipe: OptimizationRecipe) -> str:
    if not recipe.average_weights:
        return ""
    return f", weights averaged (decay {recipe.average_weights:g})"


def print_estimate(
    recipe: OptimizationRecipe, data: Data, progress: Progress, seconds_per_image: float
) -> None:
    """Says how long it will take."""
    # A forward pass takes about a third of a training step.
    forward = len(data.watched or ())
    if recipe.average_weights:
        forward += statistics_steps(data.batches) * data.batches.batch_size
    images = data.batches.images_per_epoch + forward / 3
    total = (recipe.epochs - progress.epoch) * images * seconds_per_image
    print(f"about {duration(total)} ({1 / seconds_per_image:,.0f} images/s)", flush=True)


def trainable_parameters(model: keras.Model) -> int:
    """How many numbers training moves."""
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
