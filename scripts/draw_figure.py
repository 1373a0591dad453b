"""Draws the README's figure of the layer: python scripts/draw_figure.py [FILE]"""

import sys
from itertools import pairwise

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

INK, NORM, SHARED, PLAIN = "#222222", "#cfe2f3", "#fce5cd", "#eeeeee"


def box(axes, x, y, text, color, width=1.15, height=0.62):
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0.02,rounding_size=0.08",
            facecolor=color,
            edgecolor=INK,
        )
    )
    axes.text(x, y, text, ha="center", va="center", fontsize=10)


def arrow(axes, start, end, connection="arc3"):
    style = {"arrowstyle": "-|>", "mutation_scale": 12, "color": INK, "linewidth": 1.1}
    axes.add_patch(
        FancyArrowPatch(start, end, connectionstyle=connection, shrinkA=0, shrinkB=0, **style)
    )


def draw(file):
    figure = Figure(figsize=(10.5, 3.3), layout="constrained")
    axes = figure.subplots()
    gate, trunk = 1.5, 0.0
    places = [1.6, 3.1, 4.6, 6.1, 7.6, 9.1]
    texts = ["mean over\nH, W", "BN$_0$", r"$v\,\gamma + \beta$", "BN$_1$"]
    texts += [r"$v\,\gamma + \beta$", "sigmoid"]
    colors = [PLAIN, NORM, SHARED, NORM, SHARED, PLAIN]
    for x, text, color in zip(places, texts, colors, strict=True):
        box(axes, x, gate, text, color)
    for left, right in pairwise(places):
        arrow(axes, (left + 0.6, gate), (right - 0.6, gate))
    axes.text(0.05, trunk, "$X$\n(N, H, W, C)", ha="center", va="center", fontsize=10)
    axes.text(11.0, trunk, "$Y = X\\cdot V$\n(N, H, W, C)", ha="center", va="center", fontsize=10)
    axes.plot(10.0, trunk, "o", markersize=20, markerfacecolor="white", markeredgecolor=INK)
    axes.text(10.0, trunk - 0.02, "×", ha="center", va="center", fontsize=15)
    arrow(axes, (0.65, trunk), (9.77, trunk))
    arrow(axes, (10.23, trunk), (10.4, trunk))
    arrow(axes, (0.9, trunk), (0.98, gate), "angle,angleA=90,angleB=180,rad=6")
    arrow(axes, (9.7, gate), (10.0, trunk + 0.26), "angle,angleA=180,angleB=90,rad=6")
    axes.text(9.88, gate + 0.16, "$V$ (N, C)", fontsize=10)
    for left, right in ((2.4, 5.3), (5.4, 8.3)):
        axes.plot([left, left, right, right], [2.05, 2.15, 2.15, 2.05], color=INK, linewidth=0.9)
    axes.text(3.85, 2.25, "first application", ha="center", fontsize=9)
    axes.text(6.85, 2.25, "second application: the same γ and β", ha="center", fontsize=9)
    axes.text(
        5.35,
        0.62,
        "γ, β: one of each per channel, shared by all k applications.  "
        "BN: its own at each, BN$_0$ only with normalize_input=True.",
        ha="center",
        fontsize=9,
    )
    axes.set(xlim=(-0.8, 11.8), ylim=(-0.5, 2.55), aspect="equal")
    axes.axis("off")
    figure.savefig(file, dpi=150, facecolor="white")


draw(sys.argv[1] if len(sys.argv) > 1 else "docs/recurrent_attention.png")
