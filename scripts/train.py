"""Train a network: python scripts/train.py --help"""

from ras_keras_console import start

start("train")
