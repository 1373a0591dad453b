"""`python -m ras_keras COMMAND FLAGS`, as the console command `ras-keras` does it."""

from ras_keras_console import main

if __name__ == "__main__":
    main()
