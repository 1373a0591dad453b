"""Weights and inputs by closed formula, so that every machine and framework has the same ones."""

import math
import zlib

import numpy as np


def fixed(path: str, shape: tuple[int, ...]) -> np.ndarray:
    """The weight of this path and shape; the last part of the path decides its scale."""
    values = signed(path, shape)
    kind = path.rsplit("/", 1)[-1]
    if kind.endswith("kernel"):
        if "depthwise" in path:
            # Those of separable convolutions have no ReLU behind them.
            variance = 1 if kind == "depthwise_kernel" else 2
            return values * math.sqrt(3 * variance / math.prod(shape[:2]))
        return values * math.sqrt(3 / math.prod(shape[:-1]))  # variance 1 / fan-in
    if kind in ("gamma", "alpha"):
        return 1 + 0.2 * values
    if kind == "moving_variance":
        return 1 + 0.5 * values
    if kind in ("bias", "beta", "moving_mean"):
        return 0.2 * values
    raise ValueError(f"No rule for the weight {path!r}.")


def fixed_map(shape: tuple[int, int, int, int], path: str = "map") -> np.ndarray:
    """A feature map of order 1 and both signs; every image and channel has its own mean."""
    images, _, _, channels = shape
    return signed(f"{path}/mean", (images, 1, 1, channels)) + signed(f"{path}/detail", shape)


def fixed_images(shape: tuple[int, int, int, int], path: str = "images") -> np.ndarray:
    """Images with integers from 0 to 255; every image has its own colour."""
    images, _, _, channels = shape
    colour = mixed(f"{path}/colour", (images, 1, 1, channels)) % 128
    detail = mixed(f"{path}/detail", shape) % 129
    return (colour + detail).astype("uint8")


def signed(path: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers that fill the interval from -1 to 1 evenly, exactly the same everywhere."""
    return (mixed(path, shape) + 0.5) / 2**31 - 1


def mixed(path: str, shape: tuple[int, ...]) -> np.ndarray:
    """Unsigned 32-bit integers from the path and the position (the finalizer of MurmurHash3)."""
    position = np.arange(math.prod(shape), dtype="uint32")
    bits = position * np.uint32(0x9E3779B9) + np.uint32(zlib.crc32(path.encode()))
    bits = (bits ^ (bits >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    bits = (bits ^ (bits >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return (bits ^ (bits >> np.uint32(16))).reshape(shape)
