"""Turn a PyTorch checkpoint into a Keras model: python scripts/import_weights.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("import_weights")
