"""List the networks that have a name, with their sizes: python scripts/models.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("models")
