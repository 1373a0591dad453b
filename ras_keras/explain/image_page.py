"""One image: what the network takes it for, where it looks, and which channels it opens."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ras_keras.explain.grad_cam import overlay
from ras_keras.gates.gates import Place
from ras_keras.gates.pictures import (
    PANEL_WIDTH,
    ColourScale,
    draw_gates,
    line_height,
    stages,
)
from ras_keras.text.picture import LONGEST_TITLE, literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOP = 5
MAPS_A_LINE = 6
MAP_HEIGHT = 1.9


def image_page(
    image: np.ndarray,
    cam: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    target: int,
    title: str,
    places: Sequence[Place] = (),
    gates: Sequence[np.ndarray] = (),
    means: Sequence[np.ndarray] | None = None,
    maps: Mapping[str, np.ndarray] | None = None,
) -> "Figure":
    """A picture of all of it, as a matplotlib Figure.

    Args:
        image: uint8 (H, W, 1 or 3).
        cam: its Grad-CAM, (H, W) in 0..1.
        probabilities: (classes,).
        class_names: one for each class.
        target: number of the Grad-CAM's class.
        title: of the picture.
        places: of the network's gates.
        gates: V of each for the image, (C,).
        means: V of each, the mean over other images; None if there are none.
        maps: where layers attend to in the image, by their names, (h, w) each.
    """
    from matplotlib.figure import Figure

    panels = stages(places, gates)
    lines = [("gate V", gates)] if panels else []
    if panels and means is not None:
        lines.append(("V less its mean\nover the images", means))
    height = line_height(max((len(panel.numbers) for panel in panels), default=0))
    heights = [3.2] + [height] * len(lines)
    if maps:
        heights.append(MAP_HEIGHT * -(-len(maps) // MAPS_A_LINE))
    figure = Figure(
        figsize=(max(PANEL_WIDTH * len(panels) + 1, 8.5), sum(heights)), layout="constrained"
    )
    parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    _draw_image(parts[0], image, cam, probabilities, class_names, target)
    if lines:
        draw_gates(parts[1], places, gates, ColourScale.of_gates(gates, lines[0][0]), gates)
    if panels and means is not None:
        differences = [v - mean for v, mean in zip(gates, means, strict=True)]
        scale = ColourScale.of_differences(differences, lines[1][0])
        draw_gates(parts[2], places, differences, scale, gates)
    if maps:
        _draw_maps(parts[-1], image, maps)
    figure.suptitle(literal(title, LONGEST_TITLE), fontsize=10)
    return figure


def _draw_maps(figure, image, maps):
    """Each map over the image, in colours from its least to its greatest value."""
    lines = -(-len(maps) // MAPS_A_LINE)
    axes = figure.subplots(lines, min(len(maps), MAPS_A_LINE), squeeze=False).ravel()
    height, width = image.shape[:2]
    for panel in axes:
        panel.set_axis_off()
    for panel, (name, attention) in zip(axes, maps.items(), strict=False):
        panel.imshow(np.broadcast_to(image, (height, width, 3)), interpolation="nearest")
        panel.imshow(attention, extent=(-0.5, width - 0.5, height - 0.5, -0.5), alpha=0.6)
        title = f"{literal(name)}\n{attention.min():.2g} to {attention.max():.2g}"
        panel.set_title(title, fontsize=7)


def _draw_image(figure, image, cam, probabilities, class_names, target):
    shown, looked, bars = figure.subplots(1, 3, width_ratios=(1, 1, 1.2))
    shown.imshow(np.broadcast_to(image, (*image.shape[:2], 3)), interpolation="nearest")
    shown.set_title("image", fontsize=9)
    looked.imshow(overlay(image, cam), interpolation="nearest")
    looked.set_title(f"Grad-CAM for {literal(class_names[target])}", fontsize=9)
    for axes in (shown, looked):
        axes.set_axis_off()
    best = np.argsort(-probabilities, kind="stable")[:TOP]
    percents = 100 * probabilities[best]
    colours = ["C3" if number == target else "C7" for number in best]
    drawn = bars.barh([literal(class_names[number]) for number in best], percents, color=colours)
    bars.bar_label(drawn, [f"{percent:.1f} %" for percent in percents], fontsize=8, padding=2)
    bars.invert_yaxis()
    bars.set_xlim(0, 118)
    bars.set_title("probability", fontsize=9)
    bars.tick_params(labelsize=8)
    bars.set_xticks([])
    for side in ("top", "right", "bottom"):
        bars.spines[side].set_visible(False)
