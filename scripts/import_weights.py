"""Turn a PyTorch checkpoint into a Keras model: python scripts/import_weights.py --help"""

from ras_keras_console import start

start("import_weights")
