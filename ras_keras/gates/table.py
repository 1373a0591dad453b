"""What gates do over images, as text."""

from ras_keras.text.shown import shown

GATE_COLUMNS = {
    "mean": "mean V",
    "low": "5 %",
    "high": "95 %",
    "spread": "spread",
    "moving": "moving",
    "class_share": "classes",
    "verdict": "verdict",
}


def gate_table(rows: list[dict]) -> str:
    """A line per gate, with the columns of `GateStudy.rows`; a share of none is "-"."""
    names = [shown(row["layer"]) for row in rows]
    # A layer that a stage shares stands there once for each call.
    if len({*names}) < len(names):
        names = [f"{shown(row['layer'])}, block {row['block']}" for row in rows]
    width = max(len(name) for name in ("gate", *names))
    lines = [f"{'gate':{width}}" + "".join(f"  {title:>8}" for title in GATE_COLUMNS.values())]
    for name, row in zip(names, rows, strict=True):
        cells = [_cell(column, row[column]) for column in GATE_COLUMNS]
        lines.append(f"{name:{width}}" + "".join(f"  {cell:>8}" for cell in cells))
    return "\n".join(lines)


def _cell(column, value) -> str:
    if value is None:
        return "-"
    if column in ("moving", "class_share"):
        return f"{100 * value:.0f} %"
    if column == "spread":
        return f"{value:.4f}" if value >= 1e-4 else f"{value:.0e}"
    return value if isinstance(value, str) else f"{value:.3f}"
