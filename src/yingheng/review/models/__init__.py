"""Film review: plans, drawn campaigns and their cases, readings and rulings, appeals and what follows."""

from yingheng.review.models.after import Appeal, Tracing
from yingheng.review.models.agreement import AgreementReport
from yingheng.review.models.campaigns import Campaign, Case, Plan, SubjectKind
from yingheng.review.models.copying import TeachingCopy
from yingheng.review.models.daily import SignOff
from yingheng.review.models.dictionary import (
    DictionaryChoice,
    DictionaryEntry,
    DictionaryVersion,
    EntryKind,
    PositionChange,
    ReferencePicture,
)
from yingheng.review.models.extensions import Extension
from yingheng.review.models.frames import Frame
from yingheng.review.models.reading import Assignment, Mark, Qualification, Reading
from yingheng.review.models.ruling import Ruling
from yingheng.review.models.teaching import (
    Attempt,
    AttemptAnswer,
    Exercise,
    ExerciseCase,
    TeachingCase,
    TeachingImage,
)
from yingheng.review.models.years import YearResult

__all__ = [
    "AgreementReport",
    "Appeal",
    "Assignment",
    "Attempt",
    "AttemptAnswer",
    "Campaign",
    "Case",
    "DictionaryChoice",
    "DictionaryEntry",
    "DictionaryVersion",
    "EntryKind",
    "Exercise",
    "ExerciseCase",
    "Extension",
    "Frame",
    "Mark",
    "Plan",
    "PositionChange",
    "Qualification",
    "Reading",
    "ReferencePicture",
    "Ruling",
    "SignOff",
    "SubjectKind",
    "TeachingCase",
    "TeachingCopy",
    "TeachingImage",
    "Tracing",
    "YearResult",
]
