"""Between DICOM objects and the domain."""
