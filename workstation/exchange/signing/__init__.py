"""Signatures: keys and tokens, PDF and CMS forms, time stamps, and saying in words what holds."""
