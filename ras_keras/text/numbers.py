"""Numbers in words: counts, accuracies of several seeds."""


def counted(number: int, what: str) -> str:
    """Such as "1 epoch" or "1,200 epochs"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def accuracy(mean: float, sd: float | None = None, n: int = 1) -> str:
    """Such as "97.10 %", or "97.10 % (sd 0.30, n = 3)" of several seeds."""
    return f"{100 * mean:.2f} %" + ("" if sd is None else f" (sd {100 * sd:.2f}, n = {n})")
