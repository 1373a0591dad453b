"""List the trained models of the package, or networks: python scripts/models.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("models")
