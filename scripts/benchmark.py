"""Measure speed: python scripts/benchmark.py --help"""

import sys

import quiet  # noqa: F401

from ras_keras.commands import run

sys.exit(run("benchmark", sys.argv[1:]))
