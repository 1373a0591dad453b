"""Arguments as a command has them."""


def flag(name: str) -> str:
    """An argument's flag: learning_rate is --learning-rate."""
    return "--" + name.replace("_", "-")


def with_value(name: str, value: object) -> list[str]:
    """A flag and its value: learning_rate=0.1 is --learning-rate 0.1, mirror=False --no-mirror."""
    if isinstance(value, bool):
        return [flag(name if value else f"no_{name}")]
    # A text such as -photos would itself be taken for a flag.
    if isinstance(value, str) and value.startswith("-"):
        return [f"{flag(name)}={value}"]
    return [flag(name), *map(str, value if isinstance(value, tuple) else (value,))]
