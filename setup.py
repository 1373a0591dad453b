import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
INIT = (HERE / "ras_keras/__init__.py").read_text(encoding="utf-8")
VERSION = re.search(r'__version__ = "(.+)"', INIT)[1]
# What `export.py` writes and runs other formats with. Older tf2onnx wants a protobuf that
# TensorFlow does not take, and does not know numpy 2.
FORMATS = {
    "onnx": ["onnx>=1.22", "onnxruntime>=1.26", "tf2onnx>=1.17"],
    "openvino": ["openvino>=2026.0"],
    "litert": ["ai-edge-litert>=2.1"],
}
# What `make docs` builds the site with. Material for MkDocs ends in May 2027; Zensical is its
# successor, by the same people, and reads the same mkdocs.yml.
DOCS = ["zensical>=0.0.73,<0.2", "mkdocstrings-python>=2.0.11", "nbconvert>=7.17"]
# What `benchmark.py versus-pytorch` compares with, and the PyTorch backend.
PEERS = ["torch==2.13.0"]
# What runs trainings on several workers.
CLUSTER = ["ray>=2.50"]
# What detections are scored with, and what YOLO's data.yaml is read with.
DETECTION = ["pycocotools>=2.0.11", "pyyaml>=6"]
# What `serve.py` serves with.
SERVE = ["starlette>=1.0", "uvicorn>=0.40", "python-multipart>=0.0.20"]

setup(
    name="ras_keras",
    version=VERSION,
    description="Recurrent attention for Keras 3: the layer, the networks, the trainer",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["ras_keras", "ras_keras.*"]),
    # The console command starts outside the package, which loads TensorFlow when it is imported.
    package_dir={"ras_keras": "ras_keras", "": "scripts"},
    py_modules=["ras_keras_console"],
    package_data={
        "ras_keras": ["py.typed"],
        "ras_keras.recipes": ["named/*.toml"],
        "ras_keras.detection.recipes": ["named/*.toml"],
        "ras_keras.papers": ["published_results.csv"],
        "ras_keras.pretrained": ["models.json", "weights/*.keras"],
        "ras_keras.serving": ["page.html"],
    },
    install_requires=[
        "tensorflow>=2.21",
        "keras>=3.15",
        "tensorflow-datasets>=4.9.10",
        # tensorflow-datasets needs it for every download and does not ask for it.
        "importlib_resources>=6.5",
        "keras-tuner>=1.4.8",
        "tensorboard>=2.20",
        "h5py>=3.14",
        "matplotlib>=3.11",
        "ml-dtypes>=0.5",
        "numpy>=2.1",
        # seaborn 0.13 uses what pandas 4 drops.
        "pandas>=3,<4",
        "pillow>=11",
        "scikit-learn>=1.7",
        "seaborn>=0.13",
        # pandas writes Markdown with it.
        "tabulate>=0.9",
        "tqdm>=4.67",
        "tyro>=1.0.17",
        "filelock>=4.3",
        "psutil>=7",
        "platformdirs>=4.3",
    ],
    extras_require={
        **FORMATS,
        "gpu": ["tensorflow[and-cuda]>=2.21"],
        "peers": PEERS,
        "cluster": CLUSTER,
        "detection": DETECTION,
        "serve": SERVE,
        "docs": DOCS,
        "dev": [
            *(package for packages in FORMATS.values() for package in packages),
            *PEERS,
            *CLUSTER,
            *DETECTION,
            *SERVE,
            *DOCS,
            # Runs the notebook in examples/.
            "ipykernel>=7",
            "hypothesis>=6.140",
            "jax>=0.10",
            # Checks the types; the others are those of packages that come without.
            "mypy>=2.4,<3",
            "nbclient>=0.10",
            "pandas-stubs>=3",
            "pre-commit>=4",
            "pytest>=9",
            "pytest-xdist>=3.8",
            "ruff==0.17.5",
            # Drives the browser of test_serve.py.
            "selenium>=4.40",
            "types-psutil>=7",
            "types-pyyaml>=6",
            "types-tqdm>=4.67",
        ],
    },
    entry_points={"console_scripts": ["ras-keras = ras_keras_console:main"]},
    classifiers=[
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
