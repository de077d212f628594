"""Pixels: finding, sorting and decoding images, from one frame to a volume in patient space."""
