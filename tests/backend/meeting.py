"""One of several processes that do no more than meet on the JAX backend.

python meeting.py PATIENCE RECIPE
"""

import sys

from ras_keras.backend import processes
from ras_keras.errors import UserError


def main(patience, recipe):
    processes.PATIENCE = int(patience)
    with processes.joined():
        print(processes.from_first(lambda: ["of", recipe]), processes.hosts())
        processes.check_same("recipe", recipe)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        processes.leave(2)
