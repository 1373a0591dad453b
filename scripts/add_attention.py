"""Add attention to a saved model: python scripts/add_attention.py --help"""

from ras_keras_console import start

start("add_attention")
