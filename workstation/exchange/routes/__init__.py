"""Ways back to the sender: HL7 v2, FHIR, C-STORE, STOW-RS, folders."""
