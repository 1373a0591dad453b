"""Train a network: python scripts/train.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("train")
