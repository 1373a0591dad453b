"""A command as a user calls it."""

from ras_keras.commands import run


def call(command, *arguments):
    return run(command, [*map(str, arguments)], f"python scripts/{command}.py")
