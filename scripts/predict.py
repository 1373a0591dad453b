"""Name the classes of images: python scripts/predict.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("predict")
