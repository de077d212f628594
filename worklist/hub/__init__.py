"""The alliance hub: UPS-RS, DICOMweb and the JSON API."""
