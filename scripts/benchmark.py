"""Measure networks and the input pipeline: python scripts/benchmark.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("benchmark")
