"""One of several processes that import the same objects, each in its own order: `importer.py <number>`.

It also adds to one cell and stores assessments of one exam, so that everything that can meet, meets.
"""

import random
import sys

import django

N_EXAMS, N_SERIES, N_IMAGES = 4, 2, 12


def main(number: int) -> None:
    django.setup()
    from django.db import transaction  # noqa: PLC0415 - Django must be set up first
    from tests.apps.catalog.making import item  # noqa: PLC0415
    from tests.apps.evidence.making import store, verdict  # noqa: PLC0415

    from yingheng.catalog.models import Exam  # noqa: PLC0415
    from yingheng.catalog.services import instances_catalogue  # noqa: PLC0415
    from yingheng.evidence.services import subject_of_exam  # noqa: PLC0415
    from yingheng.rollups.services import CellDelta, cell_add  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospital = Organisation.objects.get(code="h1")
    chance = random.Random(number)
    items = [
        item(n, study=f"1.4.{e}", series=f"1.4.{e}.{s}", PatientID=f"P{e % 3}", AcquisitionTime=f"09{n:02d}00")
        for e in range(N_EXAMS)
        for s in range(N_SERIES)
        for n in range(1, N_IMAGES + 1)
    ]
    items.append(item(1, study="1.4.0", series="1.4.0.0", content=f"differs {number}"))
    chance.shuffle(items)
    n_created = 0
    while items:
        size = chance.randint(1, 9)
        n_created += instances_catalogue(hospital=hospital, items=items[:size]).n_created
        items = items[size:]
        with transaction.atomic():
            day = hospital.created_at.date()
            cell_add(indicator="met", delta=CellDelta(hospital.pk, day, {"a": 1}, 1, 2, (0.1, 3.7)))
    subject = subject_of_exam(Exam.objects.get(study_uid="1.4.0"))
    for turn in range(6):
        store(subject, verdict("a", "FAIL"), inputs=f"turn-{turn}")
    sys.stdout.write(f"{n_created}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
