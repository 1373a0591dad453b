"""Measure a saved model on a test set: python scripts/evaluate.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("evaluate")
