"""Training detectors; needs the ``train`` extra (torch), which the product itself never imports."""
