"""Train a network: python scripts/train.py --help"""

import sys

import quiet  # noqa: F401

from ras_keras.commands import run

sys.exit(run("train", sys.argv[1:]))
