"""Measuring detectors against readers."""
