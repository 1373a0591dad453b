"""Show a model in a browser: python scripts/serve.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("serve")
