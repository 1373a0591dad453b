"""Show what attention does to the training of a network: python scripts/study.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("study")
