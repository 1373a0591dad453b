"""The error that a user can mend."""


class UserError(Exception):
    """One line that names the value at fault and the way out; commands exit with code 2."""
