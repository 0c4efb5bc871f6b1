"""Import, evaluate, decide; prints what the database then holds, without ids and times."""
# ruff: noqa: PLC0415, T201 - Django is set up before its models are imported; the answer is what is printed

import json
import sys
from pathlib import Path

from yingheng.cli import platform

CRITERION = "ct.slices.missing"


def main(folder: str) -> None:
    platform.start()
    platform.migrate()
    from django.db import connection

    from yingheng.audit.actor import Actor
    from yingheng.evidence.models import Finding
    from yingheng.evidence.services import verdict_decide
    from yingheng.ingest.services import folder_import
    from yingheng.jobs.worker import run_due_here
    from yingheng.tenancy.services import first_admin_create, organisation_create

    hospital = organisation_create(actor=None, code="h1", name="第一医院", kind="hospital")
    admin = first_admin_create(organisation=hospital, password="Radiograph-2026").user
    folder_import(hospital=hospital, paths=[Path(folder)], actor=Actor("system:test", "test"))
    run_due_here(limit=10_000)
    finding = Finding.objects.get(quantity=CRITERION)
    entry = next(c for c in finding.criteria if c["criterion"] == CRITERION)
    verdict_decide(
        actor=admin.actor,
        assessment=finding.assessment,
        criterion=entry["criterion"],
        verb="overrule",
        outcome="PASS",
        reason="补扫后完整",
    )
    print(json.dumps({"vendor": connection.vendor, "rows": rows()}, default=str))


def rows() -> dict[str, list]:
    from yingheng.audit.verify import verify_all
    from yingheng.catalog.models import Exam, Instance, Series
    from yingheng.evidence.models import Assessment, Decision, Finding, MeasurementSet
    from yingheng.jobs.models import Job
    from yingheng.rollups.models import Cell

    wanted = (
        (Exam, "study_uid state n_series n_instances modality outcome n_pass n_fail n_human n_unassessable n_findings"),
        (Series, "series_uid state n_instances n_frames geometry"),
        (Instance, "sop_uid sha256 size position_mm"),
        (MeasurementSet, "subject_type is_current values input_hash"),
        (Assessment, "subject_type standard is_current outcome verdicts input_hash"),
        (Finding, "quantity state severity value"),
        (Decision, "outcome reason"),
        (Job, "kind state"),
        (Cell, "numerator denominator"),
    )
    found = {
        model.__name__: sorted(
            json.dumps(list(row), sort_keys=True, default=str) for row in model.objects.values_list(*fields.split())
        )
        for model, fields in wanted
    }
    return found | {"broken chains": [str(place) for place in verify_all()]}


if __name__ == "__main__":
    main(sys.argv[1])
