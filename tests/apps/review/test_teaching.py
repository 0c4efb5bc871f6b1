"""The teaching library: four eyes, versions, who sees what, and copies that tell nobody."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from tests.apps.review.making import make_hospital, make_reader
from tests.apps.review.rooming import client_of, film_exam, home, room
from tests.apps.review.schooling import (
    BOX,
    FAULT,
    checked,
    draft,
    image,
    learns,
    people,
    published,
    standard,
)

from yingheng.common.errors import Conflict, Invalid
from yingheng.review.library import Wanted, library, related_to, standard_films_for
from yingheng.review.models import TeachingCase
from yingheng.review.services.teaching import (
    case_check,
    case_mark,
    case_publish,
    case_send_back,
    case_withdraw,
    case_write,
)
from yingheng.review.services.teaching_sharing import case_next

__all__ = ["home"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital(home):
    return make_hospital()


def test_it_is_published_only_after_a_second_person_looked_at_every_image(hospital):
    writer, checker = people(hospital)
    case = draft(hospital, writer)
    every = [str(pk) for pk in case.images.values_list("pk", flat=True)]
    with pytest.raises(Conflict) as refused:
        case_check(actor=writer.actor, case=case, looked=every, unread=[])
    assert refused.value.code == "review.teaching_four_eyes"
    with pytest.raises(Invalid) as refused:
        case_check(actor=checker.actor, case=case, looked=every[:1], unread=[])
    assert refused.value.code == "review.teaching_looked"
    with pytest.raises(Conflict):
        case_publish(actor=checker.actor, case=case)
    assert not library(learns(writer)).exists()
    row = case_check(actor=checker.actor, case=case, looked=every, unread=[])
    assert (row.state, row.looked, row.checked_by_id) == ("checked", sorted(every), str(checker.pk))
    case_publish(actor=checker.actor, case=case)
    assert [one.pk for one in library(learns(writer))] == [case.pk]


def test_it_asks_for_eyes_where_no_program_could_look_for_letters(hospital):
    writer, checker = people(hospital)
    case = draft(hospital, writer, images=[image(), image(0, 1, is_unread=True)])
    with pytest.raises(Invalid) as refused:
        checked(case, checker)
    assert refused.value.code == "review.teaching_unread"
    unread = case.images.get(is_unread=True)
    assert checked(case, checker, [str(unread.pk)]).state == "checked"


def test_it_changes_nothing_of_what_was_published(hospital):
    pair = people(hospital)
    case = published(hospital, pair)
    with pytest.raises(Conflict):
        case_write(actor=pair[0].actor, case=case, told={"title": "x"}, revision=0, over=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        TeachingCase.objects.filter(pk=case.pk).update(explanation="anders")
    with pytest.raises(DatabaseError), transaction.atomic():
        case.images.update(sha256="0" * 64)
    fresh = case_next(actor=pair[0].actor, case=case)
    case_write(actor=pair[0].actor, case=fresh, told={"explanation": "更正"}, revision=0)
    assert library(learns(pair[0])).get().explanation == "上缘切掉肺尖。"
    checked(fresh, pair[1])
    case_publish(actor=pair[1].actor, case=fresh)
    case.refresh_from_db()
    assert (case.state, library(learns(pair[0])).get().version) == ("replaced", 2)
    assert [one.sha256 for one in fresh.images.order_by("index")] == [
        one.sha256 for one in case.images.order_by("index")
    ]


def test_it_makes_the_one_who_writes_last_the_one_who_does_not_check(hospital):
    writer, checker = people(hospital)
    case = draft(hospital, writer)
    case_write(actor=checker.actor, case=case, told={"explanation": "改写"}, revision=0)
    with pytest.raises(Conflict):
        checked(case, checker)
    assert checked(case, writer).checked_by_id == str(writer.pk)


def test_it_keeps_the_work_of_two_windows_apart(hospital):
    writer, _checker = people(hospital)
    case = draft(hospital, writer)
    case_write(actor=writer.actor, case=case, told={"title": "一"}, revision=0)
    with pytest.raises(Conflict) as refused:
        case_write(actor=writer.actor, case=case, told={"title": "二"}, revision=0)
    assert refused.value.code == "sheets.saved_elsewhere"
    case_write(actor=writer.actor, case=case, told={"title": "二"}, revision=0, over=True)
    case.refresh_from_db()
    assert case.title == "二"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"grade": ""}, "review.teaching_answer"),
        ({"explanation": ""}, "review.teaching_answer"),
        ({"basis_reason": ""}, "review.teaching_basis"),
        ({"defects": [], "marks": []}, "review.teaching_defect"),
        ({"kind": "standard", "grade": "c"}, "review.teaching_standard"),
    ],
)
def test_it_lets_nothing_through_that_does_not_say_what_it_must(hospital, more, code):
    writer, checker = people(hospital)
    case = draft(hospital, writer, **more)
    with pytest.raises(Invalid) as refused:
        checked(case, checker)
    assert refused.value.code == code


def test_it_marks_a_draft_and_sends_it_back_with_a_reason(hospital):
    writer, checker = people(hospital)
    case = draft(hospital, writer)
    mark = case.marks[0]
    case_mark(actor=writer.actor, case=case, mark=None, mark_id=mark["id"])
    case.refresh_from_db()
    assert case.marks == []
    case_mark(actor=writer.actor, case=case, mark=BOX, mark_id=mark["id"])
    with pytest.raises(Invalid):
        case_mark(actor=writer.actor, case=case, mark=BOX | {"defect": "D-NONE"}, mark_id=mark["id"])
    checked(case, checker)
    with pytest.raises(Invalid):
        case_send_back(actor=checker.actor, case=case, reason=" ")
    row = case_send_back(actor=checker.actor, case=case, reason="左右标记可辨认")
    assert (row.state, row.reason, row.looked) == ("draft", "左右标记可辨认", [])


def test_it_finds_cases_by_what_they_are(hospital):
    pair = people(hospital)
    fault, good = published(hospital, pair), standard(hospital, pair)
    seen = learns(pair[0])

    def found(**wanted):
        return {one.pk for one in library(seen, Wanted(**wanted))}

    assert found(kind="standard") == {good.pk}
    assert found(defect=FAULT) == {fault.pk}
    assert found(position="CH-PA", modality="DX") == {fault.pk, good.pk}
    assert found(words="肺尖 左") == {fault.pk}
    assert found(words="xbzw") == {good.pk}  # first letters of a title: 胸部正位
    assert found(words="nothing-like-it") == set()
    assert standard_films_for(seen, "CR", "", "CH-PA") == [good]
    assert standard_films_for(seen, "CR", "", "") == []
    assert related_to(seen, fault) == [("standard", good)]


def test_it_lets_technologists_study_but_not_build(hospital, home):
    exam = film_exam(hospital, home)
    pair = people(hospital)
    case, work = published(hospital, pair), draft(hospital, pair[0])
    learner = client_of(make_reader(hospital, "learner", "technologist"))
    assert learner.get(reverse("review:teaching_case", args=[case.pk])).status_code == 200
    assert learner.get(reverse("review:teaching_case", args=[work.pk])).status_code == 404
    assert learner.get(reverse("web:teaching_viewer", args=[work.pk])).status_code == 404
    for name, row in (("web:teaching_add", exam), ("web:teaching_edit", work), ("review:teaching_check", work)):
        assert learner.get(reverse(name, args=[row.pk])).status_code == 403


def test_it_checks_and_publishes_by_the_pages(hospital):
    writer, checker = people(hospital)
    case = draft(hospital, writer, images=[image(), image(0, 1, is_unread=True)])
    unread = str(case.images.get(is_unread=True).pk)
    client, url = client_of(checker), reverse("review:teaching_check", args=[case.pk])
    shown = client.get(url)
    assert shown.content.count(b'name="looked"') == 2
    assert shown.content.count(b'name="unread"') == 1
    every = [str(pk) for pk in case.images.values_list("pk", flat=True)]
    assert client.post(url, {"looked": every}).status_code == 400
    again = client.post(url, {"looked": every[:1], "unread": [unread]})
    assert again.content.count(b" checked>") == 2  # what was ticked stays ticked
    assert client.post(url, {"looked": every, "unread": [unread]}).status_code == 302
    client.post(reverse("review:teaching_publish", args=[case.pk]))
    case.refresh_from_db()
    assert case.state == "published"
    client.post(reverse("review:teaching_next", args=[case.pk]))
    assert TeachingCase.objects.filter(key=case.key, state="draft").count() == 1
    client.post(reverse("review:teaching_withdraw", args=[case.pk]), {"reason": "过时"})
    case.refresh_from_db()
    assert (case.state, case.reason) == ("withdrawn", "过时")


def test_it_writes_and_marks_a_draft_in_the_room(hospital):
    writer, _checker = people(hospital)
    case = draft(hospital, writer)
    client = client_of(writer)
    assert client.get(reverse("web:teaching_edit", args=[case.pk])).status_code == 200
    typed = {"title": "新题目", "explanation": "为什么", "lessons": "一\n二", "grade": "c", "veto.faults": ["yes"],
             "defect-coverage.faults": [FAULT], "revision": "0", "basis_reason": "专家"}  # fmt: skip
    answer = client.post(reverse("web:teaching_save", args=[case.pk]), typed)
    assert answer.json()["revision"] == 1
    again = client.post(reverse("web:teaching_save", args=[case.pk]), typed)
    assert again.status_code == 409
    case.refresh_from_db()
    assert (case.title, case.grade, case.vetoed, case.defects) == ("新题目", "c", ["stated"], [FAULT])
    sent = {"id": "0190aaaa-0000-7000-8000-000000000001", "series": f"{case.pk}/0", "index": 1,
            "shape": {"kind": "point", "points": [[5, 6]]}, "defect": FAULT, "note": ""}  # fmt: skip
    url = reverse("web:teaching_marks", args=[case.pk])
    assert client.post(url, sent, content_type="application/json").status_code == 200
    case.refresh_from_db()
    assert len(case.marks) == 2
    assert client.delete(f"{url}?id={sent['id']}").status_code == 200
    case.refresh_from_db()
    assert len(case.marks) == 1
    case_withdraw(actor=writer.actor, case=case, reason="不用")
    assert client.post(reverse("web:teaching_save", args=[case.pk]), typed).status_code == 410


def test_it_lists_many_cases_with_few_queries(hospital, django_assert_max_num_queries):
    pair = people(hospital)
    for n in range(6):
        standard(hospital, pair, title=f"标准片 {n}")
    client = client_of(pair[0])
    for name in ("review:teaching", "review:teaching_work"):
        with django_assert_max_num_queries(15):
            assert client.get(reverse(name)).status_code == 200
    case = TeachingCase.objects.first()
    with django_assert_max_num_queries(15):
        assert client.get(reverse("review:teaching_case", args=[case.pk])).status_code == 200


def test_it_offers_a_standard_film_beside_a_case_in_the_reading_room(hospital, home):
    """By the position of the case and what the reader may see of the library."""
    exam = film_exam(hospital, home)
    pair = people(hospital)
    film = standard(hospital, pair)
    standard(make_hospital("rh2", hospital.parent), people(hospital, "x"), title="他院标准片")
    _campaign, (row, *_), reader = room(hospital, [exam])
    row.case.position = "CH-PA"
    row.case.save()
    told = client_of(reader).get(reverse("web:reading_case", args=[row.pk])).json()
    assert [one["name"] for one in told["position"]["pictures"]] == [film.title]
    assert client_of(reader).get(told["position"]["pictures"][0]["url"]).status_code == 200
