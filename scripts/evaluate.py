"""Measure a saved model on a test set: python scripts/evaluate.py --help"""

import sys

import quiet  # noqa: F401

from ras_keras.commands import run

sys.exit(run("evaluate", sys.argv[1:]))
