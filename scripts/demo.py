"""A trained model of the package at work: python scripts/demo.py, or make demo

Names images of examples/images, shows what the model looks at, then serves a page until Ctrl-C.
With CI in the environment, unless it is empty, 0 or false, the server is asked for its health and
for one image, and ends.
"""

import contextlib
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

MODEL = "ras_resnet20_cifar10"
IMAGES = Path(__file__).parents[1] / "examples" / "images" / "cifar10"
COMMAND = (sys.executable, "-m", "ras_keras")
TIMEOUT = 60


def main() -> int:
    explained = Path("Logs", f"{MODEL}_explanation")
    image = min(IMAGES.glob("*.png"))
    for command in (
        ("predict", MODEL, str(IMAGES), "--top", "1"),
        ("explain", MODEL, str(image), "--output", str(explained)),
    ):
        _show(command)
        code = subprocess.run([*COMMAND, *command]).returncode
        if code:
            return code
    serve = ("serve", MODEL, "--port", "0")
    _show(serve)
    if _unattended():
        with subprocess.Popen([*COMMAND, *serve], stdout=subprocess.PIPE, text=True) as server:
            try:
                _ask(server, image)
            finally:
                server.terminate()
        return 0
    # Ctrl-C is the server's.
    with subprocess.Popen([*COMMAND, *serve]) as server, contextlib.suppress(KeyboardInterrupt):
        server.wait()
    return 0


def _unattended() -> bool:
    """Whether nobody is there to press Ctrl-C, as hosts that test changes say."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def _show(command) -> None:
    print(f"\n$ ras-keras {' '.join(command)}", flush=True)


def _ask(server: subprocess.Popen, image: Path) -> None:
    """Asks a server that begins for its health and the class of an image."""
    for line in server.stdout or ():
        print(line, end="")
        name, _, address = line.partition(" ")
        if name == "page":
            break
    else:
        raise SystemExit("error: the server did not begin")
    for path, data in (("/health", None), ("/predict", image.read_bytes())):
        request = urllib.request.Request(address.strip() + path, data)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            print(f"{path:10} {answer.read().decode()}")


if __name__ == "__main__":
    sys.exit(main())
