"""Quality control of medical images: quantities, measurements, criteria, verdicts.

Pure functions on DICOM headers and pixels; no database, no network, no clock.
"""

__version__ = "0.1.0"
