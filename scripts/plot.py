"""Draw the curves of training runs: python scripts/plot.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("plot")
