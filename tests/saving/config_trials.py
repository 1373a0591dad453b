"""Puts foreign things into configurations of saved models, loads them, and says what came of it.

    python -m tests.saving.config_trials 600

Each trial changes one to three places of a configuration. Right is a model or one line, in less
than 2 s beyond what the model took before and less than 300 MiB, with Keras's settings as they
were. At the end: the processor's time of the checks beside that of Keras's own loading.
"""

import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import psutil
from keras import layers, ops

import ras_keras
from ras_keras.errors import UserError
from ras_keras.models import ResNet
from ras_keras.saving.loading import check_model_file
from tests.saving.test_loading import config_of, rewritten

FUNCTIONS = [
    ("keras.layers", "TFSMLayer"),
    ("keras.config", "set_floatx"),
    ("keras.config", "set_dtype_policy"),
    ("keras.datasets.mnist", "load_data"),
    ("keras.utils", "get_file"),
    ("keras.saving", "load_model"),
    ("keras.ops", "square"),
    ("builtins", "relu"),
    ("builtins", "eval"),
    ("os", "system"),
]
VALUES = [
    *(None, True, -1, 0, 1, 7, 10**6, 10**9, 10**18, -(10**9), 0.5, -1e300, float("inf")),
    *(
        float("nan"),
        "",
        "relu",
        "float16",
        "ras_keras>RecurrentAttention",
        "\x1b[31m",
        "/etc/passwd",
    ),
    *([], {}, [[]], [10**9] * 4, [None, 10**6, 10**6, 3], {"a": {"b": {}}}, ["in", 0, 0]),
    *(
        {"class_name": "function", "module": module, "config": name, "registered_name": None}
        for module, name in FUNCTIONS
    ),
    *(
        {"class_name": name, "module": "keras.layers", "config": {}, "registered_name": None}
        for name in ("Lambda", "TFSMLayer", "Dense", "InputLayer", "Nothing")
    ),
    {"class_name": "__numpy__", "config": {"value": "a", "dtype": "U250000000"}},
    {"class_name": "__numpy__", "config": {"value": [[1.5]], "dtype": "float32"}},
    {"class_name": "__lambda__", "config": {"code": "4wA=", "defaults": None}},
    {"class_name": "__keras_tensor__", "config": {"shape": [10**9], "dtype": "float32"}},
]


def models():
    x = keras.Input((8, 8, 3))
    y = ops.relu(layers.Conv2D(4, 3, padding="same")(x)) * 2.0
    y = layers.MaxPooling2D(2)(layers.BatchNormalization()(y))
    inner = keras.Sequential([keras.Input((4, 4, 4)), layers.Conv2D(4, 1), layers.Flatten()])
    functional = keras.Model(x, layers.Dense(3, "softmax")(inner(y)))
    functional.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    functional.optimizer.build(functional.trainable_variables)
    x = keras.Input((6, 4))
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    y = layers.MultiHeadAttention(2, 3)(y, y)
    recurrent = keras.Model(x, layers.TimeDistributed(layers.Dense(2))(y))
    return {"resnet": ResNet(11, input_shape=(8, 8, 3)), "own": functional, "words": recurrent}


def places(value):
    """Every place in a configuration, as its container and its key there."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield value, key
        if isinstance(item, dict | list):
            yield from places(item)


def changed(config, rng):
    for _ in range(rng.randint(1, 3)):
        container, key = rng.choice(list(places(config)))
        kind = rng.random()
        if kind < 0.1:
            del container[key]
        elif kind < 0.2:
            # Something from elsewhere in the same file.
            other, name = rng.choice(list(places(config)))
            container[key] = json.loads(json.dumps(other[name]))
        else:
            container[key] = rng.choice(VALUES)
    return config


def settings():
    return (
        keras.config.floatx(),
        keras.config.epsilon(),
        keras.config.dtype_policy().name,
        keras.config.image_data_format(),
    )


def print_overhead(folder):
    dense = keras.Sequential([keras.Input((5_000,)), layers.Dense(5_000)])
    for name, model in (("ResNet164", ResNet(164)), ("100 MB of weights", dense)):
        path = folder / "large.keras"
        model.save(path)
        checks, loads = [], []
        for _ in range(3):
            for load, times in ((check_model_file, checks), (keras.saving.load_model, loads)):
                began = time.process_time()
                load(path)
                times.append(time.process_time() - began)
        check, load = np.median(checks), np.median(loads)
        print(f"checks   of {name} {check:.2f} s, Keras's loading {load:.2f} s: {check / load:.0%}")


def main(trials):
    folder = Path(tempfile.mkdtemp())
    before, process = settings(), psutil.Process()
    saved, took = {}, {}
    for name, model in models().items():
        saved[name] = folder / f"{name}.keras"
        model.save(saved[name])
        ras_keras.load_model(saved[name])
        began = time.perf_counter()
        ras_keras.load_model(saved[name])
        took[name] = time.perf_counter() - began
    outcomes, wrong, seconds, growth = Counter(), [], [], []
    for trial in range(trials):
        rng = random.Random(trial)
        name = rng.choice(list(saved))
        config = json.dumps(changed(config_of(saved[name]), rng))
        path = rewritten(saved[name], folder / "trial.keras", config=config)
        memory, began = process.memory_info().rss, time.perf_counter()
        try:
            ras_keras.load_model(path)
            outcome = "loaded"
        except UserError as error:
            outcome = "refused" if str(error).count("\n") == 0 else "several lines"
        except Exception as error:
            outcome = f"traceback {type(error).__name__}"
        seconds.append(time.perf_counter() - began)
        growth.append((process.memory_info().rss - memory) / 2**20)
        if settings() != before:
            outcome = "settings changed"
        if outcome not in ("loaded", "refused") or seconds[-1] > 2 + took[name] or growth[-1] > 300:
            wrong.append(trial)
        outcomes[outcome] += 1
    print(f"{trials} trials: " + ", ".join(f"{count} {what}" for what, count in outcomes.items()))
    print(f"seconds  median {np.median(seconds):.2f}, most {max(seconds):.2f}")
    print(f"memory   grew by at most {max(growth):.0f} MiB in a trial")
    print(f"wrong    {wrong or 'none'}")
    print_overhead(folder)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
