"""Synthetic DICOM with known truth, for tests and demonstrations: no real patient, every name starts with DEMO^.

All generators are deterministic: the same arguments and seed write the same bytes.
"""

from imagingqc.dicom.synthetic.base import DEMO_PATIENT, Patient, Study, make_uid
from imagingqc.dicom.synthetic.ct import CTFaults, ct_head_pair, ct_series
from imagingqc.dicom.synthetic.ct_phantom import Solid, ct_phantom
from imagingqc.dicom.synthetic.ct_truth import Head
from imagingqc.dicom.synthetic.dx import dx_image
from imagingqc.dicom.synthetic.enhanced import enhanced_ct, enhanced_mr
from imagingqc.dicom.synthetic.mg import mg_exam, mg_image
from imagingqc.dicom.synthetic.mr import MRSequence, mr_exam, mr_series
from imagingqc.dicom.synthetic.mr_truth import MRFaults, Trunk, mr_trunk
from imagingqc.dicom.synthetic.nm import nm_tomo, pet_series
from imagingqc.dicom.synthetic.other import dose_report, screenshot, us_colour
from imagingqc.dicom.synthetic.us import us_frame
from imagingqc.dicom.synthetic.xa import xa_run

__all__ = [
    "DEMO_PATIENT",
    "CTFaults",
    "Head",
    "MRFaults",
    "MRSequence",
    "Patient",
    "Solid",
    "Study",
    "Trunk",
    "ct_head_pair",
    "ct_phantom",
    "ct_series",
    "dose_report",
    "dx_image",
    "enhanced_ct",
    "enhanced_mr",
    "make_uid",
    "mg_exam",
    "mg_image",
    "mr_exam",
    "mr_series",
    "mr_trunk",
    "nm_tomo",
    "pet_series",
    "screenshot",
    "us_colour",
    "us_frame",
    "xa_run",
]
