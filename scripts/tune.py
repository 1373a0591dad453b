"""Search a space of recipes: python scripts/tune.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("tune")
