"""Clients of the hub and of DICOM peers."""
