"""Every attention layer and a small network of every family: on the GPU as on the CPU?

    KERAS_BACKEND=jax python -m tests.gpu_check.agreement FILE [--first N]

Writes a row for each: how far its output, and the gradient of a weighted sum of it, are from those
of the CPU, in float32. Without a GPU the CPU is compared with itself.

Layers compute as in training. The networks have maps of a single place, and statistics of a few
numbers would magnify every rounding: they compute as in inference.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jax
import keras
import numpy as np
from jax import numpy as jnp

from ras_keras.benchmark.machine import machine
from ras_keras.values.csv_files import write_table
from tests.conformance.fixed_weights import signed
from tests.conformance.subjects import fill, images_for, network, small_network
from tests.conformance.table import LAYERS, NETWORKS

# Below it JAX multiplies float32 matrices in TF32 on a GPU.
MATMUL_PRECISION = "highest"
VALUE, GRADIENT = "value_difference", "gradient_difference"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="CSV file for the rows")
    parser.add_argument("--first", type=int, help="so many layers and networks; none is all")
    options = parser.parse_args()
    jax.config.update("jax_default_matmul_precision", MATMUL_PRECISION)
    rows = []
    for name, (make, training) in chosen(options.first).items():
        found = differences(make(), training)
        print(f"  {name}: value {found[VALUE]:.1e}, gradient {found[GRADIENT]:.1e}", flush=True)
        rows.append({"what": name} | found | machine())
    write_table(options.file, rows)


def chosen(first: int | None) -> dict[str, tuple[Callable[[], keras.Model], bool]]:
    """What makes a network with each layer, and one of each family; whether it is in training."""
    layers = {
        f"layer {row}": (partial(small_network, row.name, row.first), True)
        for row in LAYERS[:first]
    }
    return layers | {f"network {row}": (partial(network, row), False) for row in NETWORKS[:first]}


def differences(model: keras.Model, training: bool) -> dict:
    """How far a model's output and gradient here are from those of the CPU.

    Returns:
        How they were computed, and the largest difference of an output over the largest output,
        and the L2 norm of the gradient's difference over that of the gradient, by all trainable
        weights and the images.
    """
    fill(model)
    images = images_for(model)
    upstream = signed("upstream", (len(images), *model.output_shape[1:]))
    state = [variable.value for variable in model.non_trainable_variables]

    @jax.jit
    def value_and_gradient(weights, state, images):
        def weighted_sum(weights, images):
            output, _ = model.stateless_call(weights, state, images, training=training)
            return jnp.sum(output * upstream), output

        by_both = jax.value_and_grad(weighted_sum, argnums=(0, 1), has_aux=True)
        (_, output), gradient = by_both(weights, images)
        return output, gradient

    def on(device) -> tuple[np.ndarray, np.ndarray]:
        weights = [variable.value for variable in model.trainable_variables]
        given = jax.device_put((weights, state, images), device)
        output, gradient = jax.device_get(value_and_gradient(*given))
        return output, np.concatenate([part.ravel() for part in jax.tree.leaves(gradient)])

    return {
        "matmul_precision": MATMUL_PRECISION,
        "training": training,
        "weights": model.count_params(),
    } | compared(on(jax.devices()[0]), on(jax.devices("cpu")[0]))


def compared(found: tuple[np.ndarray, np.ndarray], expected: tuple[np.ndarray, np.ndarray]) -> dict:
    """The differences of an output and a gradient, as parts of their sizes."""
    (output, gradient), (true_output, true_gradient) = found, expected
    return {
        VALUE: np.abs(output - true_output).max() / np.abs(true_output).max(),
        GRADIENT: np.linalg.norm(gradient - true_gradient) / np.linalg.norm(true_gradient),
    }


if __name__ == "__main__":
    main()
