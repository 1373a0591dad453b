"""Tabulate runs that differ in attention: python scripts/table.py --help"""

from ras_keras_console import start

start("table")
