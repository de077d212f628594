"""Detectors: running, evaluating and shipping them."""
