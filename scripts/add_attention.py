"""Add attention to a saved model: python scripts/add_attention.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("add_attention")
