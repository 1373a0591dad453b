"""Reproduce the tables of the papers: python scripts/reproduce.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("reproduce")
