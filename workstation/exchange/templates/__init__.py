"""Report templates as files: checked against their schema, and exchanged as MRRT."""
