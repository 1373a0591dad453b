"""Write a model in the formats of other runtimes: python scripts/export.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("export")
