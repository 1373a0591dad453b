"""Find images that cannot be read: python scripts/check_data.py --help"""

from ras_keras_console import start

if __name__ == "__main__":
    start("check_data")
