"""Tables of the catalog: exams and their objects, and the requests, reports and retakes around them."""

from yingheng.catalog.models.exams import Exam, Instance, Quarantine, Series
from yingheng.catalog.models.operators import ExamOperator, Operator, OperatorWalk
from yingheng.catalog.models.patients import Patient, PatientLink, PatientName
from yingheng.catalog.models.retention import (
    ExpiredSeries,
    RetentionRule,
    RetentionWalk,
    StorageDay,
    StorageUse,
)
from yingheng.catalog.models.workflow import Order, PerformedStep, Report, Retake

__all__ = [
    "Exam",
    "ExamOperator",
    "ExpiredSeries",
    "Instance",
    "Operator",
    "OperatorWalk",
    "Order",
    "Patient",
    "PatientLink",
    "PatientName",
    "PerformedStep",
    "Quarantine",
    "Report",
    "Retake",
    "RetentionRule",
    "RetentionWalk",
    "Series",
    "StorageDay",
    "StorageUse",
]
