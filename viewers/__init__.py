"""Diagnostic display."""
