"""Film review: plans, drawn campaigns and their cases, readings and rulings, appeals and what follows."""

from yingheng.review.models.after import Appeal, Tracing
from yingheng.review.models.agreement import AgreementReport
from yingheng.review.models.campaigns import Campaign, Case, Plan, SubjectKind
from yingheng.review.models.daily import SignOff
from yingheng.review.models.frames import Frame
from yingheng.review.models.reading import Assignment, Mark, Qualification, Reading
from yingheng.review.models.ruling import Ruling

__all__ = [
    "AgreementReport",
    "Appeal",
    "Assignment",
    "Campaign",
    "Case",
    "Frame",
    "Mark",
    "Plan",
    "Qualification",
    "Reading",
    "Ruling",
    "SignOff",
    "SubjectKind",
    "Tracing",
]
