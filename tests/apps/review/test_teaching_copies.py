"""Copies for the teaching library: made by a job, and nothing in them tells whose they are."""

import json

import pytest
from django.urls import reverse
from tests.apps.review.making import make_hospital, make_reader
from tests.apps.review.rooming import client_of, film_exam, home
from tests.apps.review.schooling import checked, people, stored_files, texts_of_rows

from yingheng.catalog.models import Instance
from yingheng.catalog.storage import default_storage
from yingheng.common import events
from yingheng.common.errors import Conflict
from yingheng.jobs.models import Job
from yingheng.review.models import TeachingCase, TeachingCopy
from yingheng.review.services import teaching_copying
from yingheng.review.services.teaching import case_publish, case_write
from yingheng.review.services.teaching_copying import copy_asked, copy_make

__all__ = ["home"]
pytestmark = pytest.mark.django_db
SECRETS = ("SANFENG", "张三丰", "ID-SECRET-7", "19630724", "1963-07-24", "ACC-film", "20260105", "2026-01-05",
           "STATION-9X", "SERIAL-778", "SECRET HOSPITAL", "DEPT-OF-SECRETS", "TECH^NOLOGIST", "NOLOGIST", "DOCTOR^WHO",
           "REF^ERRER")  # fmt: skip


@pytest.fixture
def hospital(home):
    return make_hospital()


def add(client, exam, **more):
    told = {"kind": "standard", "title": "胸部正位", "body_part": "CHEST", "position": "CH-PA", "grade": "a",
            "basis_reason": "专家意见", "s0": "1"}  # fmt: skip
    return client.post(reverse("web:teaching_add", args=[exam.pk]), told | more)


def asked(client, exam, **more):
    answer = add(client, exam, **more)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return TeachingCopy.objects.latest("made_at")


def page(client, row):
    return client.get(reverse("web:teaching_copy", args=[row.pk]))


def test_it_copies_images_of_which_nothing_tells_whose_they_are(hospital, home):
    """Planted: names, numbers, dates, UIDs, the hospital, the people.  Searched: every file and every answer."""
    exam = film_exam(hospital, home, n=2)
    writer, checker = people(hospital)
    client = client_of(writer)
    assert client.get(reverse("web:teaching_add", args=[exam.pk])).status_code == 200
    copy_make(copy_id=asked(client, exam, s1="1").pk)
    case = TeachingCase.objects.get()
    assert (case.n_images, case.state, case.made_by_id) == (2, "draft", str(writer.pk))
    case_write(actor=writer.actor, case=case, told={"explanation": "标准"}, revision=0)
    checked(case, checker, [str(pk) for pk in case.images.values_list("pk", flat=True)])
    case_publish(actor=checker.actor, case=case)
    learner = client_of(make_reader(hospital, "learner", "technologist"))
    pages = [
        ("web:teaching_viewer", []), ("web:teaching_exam", []), ("web:teaching_compare", []),
        ("web:teaching_series", [0]), ("web:teaching_frame", [0, 0]), ("web:teaching_frame", [1, 0]),
        ("web:teaching_picture", [0, 0]), ("web:teaching_thumbnail", [0]), ("review:teaching_case", []),
    ]  # fmt: skip
    answers = [learner.get(reverse(name, args=[case.pk, *more])) for name, more in pages]
    answers.append(learner.get(reverse("review:teaching")))
    assert [one.status_code for one in answers] == [200] * len(answers)
    uids = [exam.study_uid, *exam.series.values_list("series_uid", flat=True)]
    uids += [uid for one in exam.series.all() for uid in one.instances.values_list("sop_uid", flat=True)]
    hidden = [*SECRETS, *uids, str(exam.pk), *(str(pk) for pk in exam.series.values_list("pk", flat=True))]
    files = stored_files()
    assert len(files) == 4  # two frames, two pictures
    told = [*files, *(one.content for one in answers), *(str(one.headers).encode() for one in answers)]
    rows = [*texts_of_rows(), *(str(row) for row in TeachingCopy.objects.values())]
    for word in hidden:
        for raw in told:
            assert word.encode() not in raw, word
            assert json.dumps(word)[1:-1].encode() not in raw, word
        assert not any(word in text for text in rows), word


def test_it_refuses_to_copy_nothing_or_too_much(hospital, home):
    exam = film_exam(hospital, home, n=2)
    client = client_of(people(hospital)[0])
    assert add(client, exam, s0="", s1="").status_code == 400
    assert add(client, exam, s0="1-").status_code == 400
    assert add(client, exam, s0="7-9", s1="").status_code == 400
    assert not TeachingCopy.objects.exists()


def test_the_page_tells_how_far_it_is_and_then_opens_the_draft(hospital, home):
    client = client_of(people(hospital)[0])
    row = asked(client, film_exam(hospital, home, n=2), s1="1")
    job = Job.objects.get(kind=events.TEACHING_ASKED, natural_key=str(row.pk))
    Job.objects.filter(pk=job.pk).update(progress_done=1, progress_total=2)
    shown = page(client, row).content.decode()
    assert "data-pending" in shown
    assert "胸部正位" in client.get(reverse("review:teaching_work")).content.decode()
    copy_asked(str(row.pk), {})
    row.refresh_from_db()
    assert (row.state, row.exam, row.frames, row.told) == ("done", None, [], {})
    assert page(client, row).url == reverse("web:teaching_edit", args=[row.case.pk])


def test_asking_twice_and_working_twice_makes_one_case(hospital, home):
    client, exam = client_of(people(hospital)[0]), film_exam(hospital, home)
    row = asked(client, exam)
    assert asked(client, exam) == row
    for _again in range(2):
        copy_make(copy_id=row.pk)
    assert TeachingCase.objects.count() == 1
    assert asked(client, exam) != row  # the same once more, after it was done, is wanted


def test_the_job_tells_how_many_are_made(hospital, home, monkeypatch):
    told = []
    monkeypatch.setattr(teaching_copying, "report_progress", lambda done, total: told.append((done, total)))
    copy_make(copy_id=asked(client_of(people(hospital)[0]), film_exam(hospital, home, n=2), s1="1").pk)
    assert told == [(1, 2), (2, 2)]


def test_what_is_gone_meanwhile_is_told_and_nothing_is_made(hospital, home):
    client, exam = client_of(people(hospital)[0]), film_exam(hospital, home)
    row = asked(client, exam)
    for key in Instance.objects.filter(series__exam=exam).values_list("storage_key", flat=True):
        default_storage().local_path(key).unlink()
    copy_make(copy_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", "review.teaching_copy")
    shown = page(client, row).content.decode()
    assert row.why in shown
    assert "data-pending" not in shown
    assert reverse("web:teaching_add", args=[exam.pk]) in shown
    assert not TeachingCase.objects.exists()


def test_a_parked_job_is_said_on_the_page(hospital, home):
    client = client_of(people(hospital)[0])
    row = asked(client, film_exam(hospital, home))
    Job.objects.filter(natural_key=str(row.pk)).update(state="parked", error="worker_lost: x")
    assert "data-pending" not in page(client, row).content.decode()


def test_others_do_not_see_the_copies_of_a_hospital(hospital, home):
    row = asked(client_of(people(hospital)[0]), film_exam(hospital, home))
    other = people(make_hospital("rh9"), "u")[0]
    assert page(client_of(other), row).status_code == 404
    assert page(client_of(make_reader(hospital, "learner", "technologist")), row).status_code == 403


def test_a_refusal_of_the_case_itself_is_kept(hospital, home, monkeypatch):
    row = asked(client_of(people(hospital)[0]), film_exam(hospital, home))
    TeachingCopy.objects.filter(pk=row.pk).update(told={**row.told, "title": " "})
    copy_make(copy_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", "review.teaching_words")

    def busy(**_more):
        raise Conflict("review.teaching_state")

    again = asked(client_of(people(hospital, "v")[0]), film_exam(hospital, home, "b"))
    monkeypatch.setattr(teaching_copying, "case_make", busy)
    with pytest.raises(Conflict):
        copy_make(copy_id=again.pk)  # the engine tries again later
    again.refresh_from_db()
    assert again.state == "asked"
