"""The error that a user can mend, and what to quote of the errors of others."""


class UserError(Exception):
    """One line that names the value at fault and the way out; commands exit with code 2."""


def first_line(error) -> str:
    """The first line of an error's message, or its type where it says nothing."""
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__
