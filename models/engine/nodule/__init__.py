"""Outlining and measuring the nodule under one click."""
