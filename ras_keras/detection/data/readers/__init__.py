"""Readers of annotations: COCO, VOC, YOLO, and what they share."""
