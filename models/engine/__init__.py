"""Running model bundles on ONNX Runtime."""
