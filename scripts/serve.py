"""Show a model in a browser: python scripts/serve.py --help"""

from ras_keras_console import start

start("serve")
