"""The generators of synthetic DICOM, under the name by which tests ask for them."""

from imagingqc.dicom.synthetic import *  # noqa: F403
from imagingqc.dicom.synthetic import __all__ as __all__  # noqa: PLC0414
