"""How many images a model still names right once they are corrupted."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from ras_keras.benchmark.corruptions import CORRUPTIONS, corrupted
from ras_keras.data.image_dataset import Images
from ras_keras.inference.predictor import Predictor
from ras_keras.plots.picture import SAVED, drawn

NONE = "none"
MEAN = "mean of the corruptions"
# Pixels of the images that are corrupted at a time, which fixes what is drawn for each: a thousand
# of 32x32.
PIXELS_TOGETHER = 1_000 * 32 * 32


def robustness_rows(
    predictor: Predictor, images: Images, batch_size: int, seed: int = 0
) -> Iterator[dict]:
    """The accuracy without and with each of `CORRUPTIONS`, and the mean of the latter.

    Args:
        predictor: of these images.
        images: uint8, with their labels.
        batch_size: images that the model is given at a time.
        seed: of what the corruptions draw.
    """
    _, height, width, _ = images.images.shape
    together = max(1, PIXELS_TOGETHER // (height * width))
    accuracies = {}
    for name in tqdm((NONE, *CORRUPTIONS), desc="corruptions", leave=False):
        right = 0
        for first in range(0, len(images), together):
            pixels = images.images[first : first + together]
            if name != NONE:
                pixels = corrupted(pixels, name, seed, first)
            for start in range(0, len(pixels), batch_size):
                part = slice(start, start + batch_size)
                labels = images.labels[first : first + together][part]
                right += int((predictor.predict(pixels[part]).argmax(axis=1) == labels).sum())
        accuracies[name] = right / len(images)
        yield {"corruption": name, "images": len(images), "accuracy": accuracies[name]}
    mean = sum(accuracies[name] for name in CORRUPTIONS) / len(CORRUPTIONS)
    yield {"corruption": MEAN, "images": len(images), "accuracy": mean}


def plot_robustness(rows: list[dict], file: Path) -> None:
    """Draws the accuracy with each corruption, a line where it is without."""
    import seaborn.objects as so

    table = pd.DataFrame(rows)
    table["accuracy, %"] = 100 * table["accuracy"]
    table["corruption"] = table["corruption"].str.replace("_", " ")
    plain = table["accuracy, %"][0]
    plot = so.Plot(table[1:], x="accuracy, %", y="corruption").add(so.Bar()).limit(x=(0, 100))
    title = f"Test accuracy of {table['images'][0]:,} images; {plain:.2f} % without corruption"
    figure = drawn(plot, (6, 4.5), title)
    figure.axes[0].axvline(plain, color="black", linewidth=1)
    figure.savefig(file, **SAVED)
