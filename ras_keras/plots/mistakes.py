"""A page of the images whose class a model names wrongly, the surest mistakes first."""

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ras_keras.data.image_dataset import Images
from ras_keras.files import write_atomically
from ras_keras.text.shown import shown
from ras_keras.training.evaluation import Evaluation

MOST = 500
# Pixels of the longer side of a picture that is smaller, and of one that is larger.
LEAST_SIDE, LARGEST_SIDE = 96, 160
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color-scheme: light dark; }}
  main {{ display: flex; flex-wrap: wrap; gap: 1rem; }}
  figure {{ margin: 0; width: 11rem; }}
  img {{ display: block; image-rendering: pixelated; }}
  figcaption {{ overflow-wrap: anywhere; font-size: 0.85em; }}
</style>
<h1>{title}</h1>
<p>{summary}</p>
<main>
{figures}
</main>
</html>
"""
FIGURE = """<figure>
  <img src="data:image/png;base64,{png}" alt="" width="{width}" height="{height}">
  <figcaption>
    <b>{predicted}</b> {confidence}, in truth <b>{label}</b> {probability}<br>{name}
  </figcaption>
</figure>"""


def write_mistakes(
    evaluation: Evaluation, images: Images, names: Sequence[str], file: Path, title: str
) -> None:
    """Writes an HTML page that holds its pictures.

    Args:
        evaluation: of these images.
        images: with the names of their files, where they have some.
        names: of the classes.
        file: of the page.
        title: what was evaluated.

    Raises:
        UserError: if the file cannot be written.
    """
    predictions, labels = evaluation.predictions, evaluation.labels
    confidences = evaluation.probabilities.max(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    wrong = wrong[np.argsort(-confidences[wrong], kind="stable")]
    figures = [
        _figure(
            images.images[index : index + 1][0],
            predicted=shown(names[predictions[index]]),
            confidence=f"{100 * confidences[index]:.1f} %",
            label=shown(names[labels[index]]),
            probability=f"{100 * evaluation.probabilities[index, labels[index]]:.1f} %",
            name=shown(images.name(index)),
        )
        for index in map(int, wrong[:MOST])
    ]
    summary = f"{len(wrong):,} of {len(labels):,} images are named wrongly"
    if len(wrong) > MOST:
        summary += f"; these are the {MOST} of which the model is surest"
    page = PAGE.format(
        title=html.escape(shown(title)),
        summary=html.escape(summary + "."),
        figures="\n".join(figures),
    )
    write_atomically(file, lambda path: path.write_text(page, encoding="utf-8"))


def _figure(pixels, **texts):
    from PIL import Image

    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    zoom = max(1, LEAST_SIDE // max(picture.size))
    return FIGURE.format(
        png=base64.b64encode(stream.getvalue()).decode(),
        width=zoom * picture.width,
        height=zoom * picture.height,
        **{name: html.escape(text) for name, text in texts.items()},
    )
