"""Find objects: python scripts/detect.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("detect")
