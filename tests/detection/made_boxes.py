"""Small detection data sets in the forms of COCO, VOC and YOLO, all with the same content."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

NAMES = ("cat", "dog", "emu")
# Of each split its images: a name, height and width, and boxes: class, left, top, right, bottom.
CONTENT = {
    "train": [
        ("a", (40, 60), [("dog", 0, 0, 60, 40), ("cat", 10, 5, 20, 25)]),
        ("b", (50, 30), [("emu", 3, 4, 9, 30)]),
        ("c", (20, 20), []),
    ],
    "val": [("d", (40, 60), [("cat", 1, 2, 33, 17)])],
}


def paint(file: Path, size, boxes=(), value=255) -> Path:
    """Writes an image, black with the boxes (left, top, right, bottom) filled in."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((*size, 3), "uint8")
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = value
    Image.fromarray(pixels).save(file)
    return file


def make_coco(folder: Path, content=CONTENT) -> Path:
    for split, images in content.items():
        entries, annotations = [], []
        for number, (name, (height, width), boxes) in enumerate(images):
            paint(folder / f"{split}2017" / f"{name}.png", (height, width))
            entry = {"id": 100 - number, "file_name": f"{name}.png"}
            entries.append(entry | {"height": height, "width": width, "license": 1})
            for label, left, top, right, bottom in boxes:
                box = [left, top, right - left, bottom - top]
                annotations.append(
                    {"image_id": 100 - number, "category_id": 7 * NAMES.index(label), "bbox": box}
                )
        categories = [{"id": 7 * label, "name": name} for label, name in enumerate(NAMES)]
        write_json(
            folder / f"annotations/instances_{split}2017.json",
            {"images": entries, "annotations": annotations, "categories": categories[::-1]},
        )
    return folder


def make_voc(folder: Path, content=CONTENT) -> Path:
    for split, images in content.items():
        write(folder / f"ImageSets/Main/{split}.txt", "".join(f"{image[0]}\n" for image in images))
        for name, (height, width), boxes in images:
            paint(folder / "JPEGImages" / f"{name}.png", (height, width))
            objects = "".join(
                f"<object>\n<name>{label}</name><difficult>0</difficult>\n<bndbox>"
                f"<xmin>{left + 1}</xmin><ymin>{top + 1}</ymin><xmax>{right}</xmax>"
                f"<ymax>{bottom}</ymax></bndbox>\n</object>\n"
                for label, left, top, right, bottom in boxes
            )
            size = f"<size><width>{width}</width><height>{height}</height></size>"
            text = f"<annotation>\n{size}\n{objects}</annotation>\n"
            write(folder / f"Annotations/{name}.xml", text)
    return folder


def make_yolo(folder: Path, content=CONTENT) -> Path:
    write(folder / "data.yaml", f"nc: 3\nnames: {[*NAMES]}\n")
    for split, images in content.items():
        for name, (height, width), boxes in images:
            paint(folder / "images" / split / f"{name}.png", (height, width))
            lines = [
                f"{NAMES.index(label)} {(left + right) / 2 / width} {(top + bottom) / 2 / height} "
                f"{(right - left) / width} {(bottom - top) / height}\n"
                for label, left, top, right, bottom in boxes
            ]
            write(folder / "labels" / split / f"{name}.txt", "".join(lines))
    return folder


MAKERS = {"coco": make_coco, "voc": make_voc, "yolo": make_yolo}


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def write_json(file: Path, content: object) -> None:
    write(file, json.dumps(content))
