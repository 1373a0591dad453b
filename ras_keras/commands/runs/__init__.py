"""Run folders on the command line: how one begins, is stopped and is shown at its end."""
