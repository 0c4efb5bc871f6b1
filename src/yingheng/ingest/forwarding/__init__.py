"""Calling others: DICOM associations that we open, and notices over HTTP.  No Django and no database here."""
