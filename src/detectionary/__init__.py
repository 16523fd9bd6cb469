"""The dictionary of detections."""
