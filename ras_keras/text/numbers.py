"""Numbers in words: counts, accuracies of several seeds."""


def counted(number: int, what: str) -> str:
    """Such as "1 epoch" or "1,200 epochs"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def percent(share: float | None) -> str:
    """Such as "97.10 %", or "-" where there is none."""
    return "-" if share is None else f"{100 * share:.2f} %"


def accuracy(mean: float, sd: float | None = None, n: int = 1) -> str:
    """Such as "97.10 %", or "97.10 % (sd 0.30, n = 3)" of several seeds."""
    return percent(mean) + ("" if sd is None else f" (sd {100 * sd:.2f}, n = {n})")


def duration(seconds: float) -> str:
    """Such as "45 s", "12 min" or "3 h 20 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
