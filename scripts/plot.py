"""Draw the curves of training runs: python scripts/plot.py --help"""

import sys

import quiet  # noqa: F401

from ras_keras.commands import run

sys.exit(run("plot", sys.argv[1:]))
