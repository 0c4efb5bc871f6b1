"""DICOM in: headers, grouping, pixels.  The only place of this package that knows pydicom."""
