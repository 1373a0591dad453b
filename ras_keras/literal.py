"""Text in pictures, as it is."""


def literal(text: str) -> str:
    """The text for matplotlib, which sets formulas between two dollars."""
    return text.replace("$", r"\$")
