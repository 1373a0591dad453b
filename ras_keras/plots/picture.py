"""Pictures: what they look like, and the files that they can be written to."""

from collections.abc import Collection
from pathlib import Path

from ras_keras.errors import Argument, UserError


def drawn(plot, size: tuple[float, float], title: str = "", log: Collection[str] = ()):
    """A plot as a matplotlib Figure, its legend beside it; to be saved with `SAVED`.

    Args:
        plot: a `seaborn.objects.Plot`.
        size: width and height in inches, without the legend.
        title: over all panels.
        log: labels of vertical axes that are logarithmic.
    """
    import seaborn
    from matplotlib.figure import Figure

    theme = seaborn.axes_style("whitegrid") | seaborn.plotting_context("paper", font_scale=1.1)
    figure = Figure(figsize=size)
    plot.on(figure).theme(theme).plot()
    figure.set_layout_engine("constrained", wspace=0.04)
    # Seaborn's own logarithmic axis has means of logarithms, and names powers of ten alone.
    for axes in figure.axes:
        if axes.get_ylabel() in log:
            axes.set_yscale("log")
    for legend in figure.legends:
        legend.set_loc("center left")
        legend.set_bbox_to_anchor((1.01, 0.5))
        figure.set_figheight(max(size[1], legend.get_window_extent().height / figure.dpi))
    figure.suptitle(title, fontsize=10)
    return figure


# Keeps what stands beside the panels.
SAVED = {"dpi": 150, "bbox_inches": "tight"}


def whole_numbers():
    """A scale of an axis with ticks at whole numbers alone."""
    import seaborn.objects as so
    from matplotlib.ticker import MaxNLocator

    return so.Continuous().tick(MaxNLocator(integer=True))


def check_picture(file: Path) -> None:
    """Refuses a file that a picture could not be written to, before it is drawn.

    Raises:
        UserError: for an unknown format or a missing folder.
    """
    from matplotlib.figure import Figure

    formats = Figure().canvas.get_supported_filetypes()
    if file.suffix[1:].lower() not in formats:
        raise UserError(
            Argument("output", file),
            " names no known format of pictures; end it in .png, .svg or .pdf.",
        )
    if not file.parent.is_dir():
        raise UserError(Argument("output", file), f": no folder {file.parent}; create it first.")
