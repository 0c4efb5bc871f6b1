"""Synthetic DICOM with known truth, for tests and demonstrations: no real patient, every name starts with DEMO^.

All generators are deterministic: the same arguments and seed write the same bytes.
"""

from imagingqc.dicom.synthetic.base import DEMO_PATIENT, Patient, Study, make_uid
from imagingqc.dicom.synthetic.ct import CTFaults, ct_head_pair, ct_series
from imagingqc.dicom.synthetic.ct_phantom import Solid, ct_phantom
from imagingqc.dicom.synthetic.dx import dx_image
from imagingqc.dicom.synthetic.enhanced import enhanced_ct, enhanced_mr
from imagingqc.dicom.synthetic.mr import MRSequence, mr_exam, mr_series
from imagingqc.dicom.synthetic.other import dose_report, screenshot, us_colour

__all__ = [
    "DEMO_PATIENT",
    "CTFaults",
    "MRSequence",
    "Patient",
    "Solid",
    "Study",
    "ct_head_pair",
    "ct_phantom",
    "ct_series",
    "dose_report",
    "dx_image",
    "enhanced_ct",
    "enhanced_mr",
    "make_uid",
    "mr_exam",
    "mr_series",
    "screenshot",
    "us_colour",
]
