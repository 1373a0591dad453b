"""Trains five steps on one device and on two logical CPUs; prints the losses as JSON.

A program of its own, because logical devices are set before TensorFlow starts.
"""

import json
import sys
from pathlib import Path

import keras
import tensorflow as tf

from ras_keras.backend.devices import scope
from ras_keras.data import load_dataset
from ras_keras.training import RECIPES, RunFolder, evaluate, resolve, train
from ras_keras.training.network import recipe_data, recipe_network

STEPS = 5
BATCH = 32

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


def losses(strategy, devices):
    """The mean loss after each step; the last one is an epoch's smaller batch."""
    recipe = resolve(
        RECIPES["quick"].replace(
            depth=11,
            batch_size=BATCH,
            # At 0.1 the rounding of step 1 grows to 9e-5 of the loss by step 5.
            learning_rate=0.02,
        )
    )
    seen = []
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(logs["loss"])
    )
    with scope(strategy):
        data = recipe_data(recipe, devices)
        model = recipe_network(recipe, data)
        model.fit(
            data.batches.from_step(data.batches.steps_per_epoch - STEPS),
            steps_per_epoch=STEPS,
            shuffle=False,
            verbose=0,
            callbacks=[record],
        )
    return seen


def whole_run(folder, strategy):
    """One epoch through the trainer, and its last model evaluated again on one device."""
    # 85 images are held out: the devices divide neither them nor, then, their last batch.
    recipe = resolve(
        RECIPES["quick"].replace(
            depth=11, training_images=256, batch_size=128, epochs=1, validation_split=0.0592
        )
    )
    run = RunFolder.create(folder, "two", recipe)
    result = train(recipe, run, strategy=strategy)
    model = keras.saving.load_model(run.file("final.keras"))
    again = evaluate(model, load_dataset("digits").test, 10, 128).summary()
    return {"result": result, "again": again, "metrics": run.file("metrics.csv").read_text()}


if __name__ == "__main__":
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    found = {"one": losses(None, 2), "two": losses(two, 2), "run": whole_run(sys.argv[1], two)}
    Path(sys.argv[1], "found.json").write_text(json.dumps(found))
