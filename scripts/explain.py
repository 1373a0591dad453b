"""Show what a saved model looks at: python scripts/explain.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("explain")
