"""Burned-in letters are looked for when a blind sample begins, so that the room finds what it asks for."""

import pytest
from django.urls import reverse
from tests.apps.review.making import (
    ACTOR,
    make_campaign,
    make_hospital,
    make_plan,
    make_readers,
    make_sheet,
    reading,
)
from tests.apps.review.rooming import client_of, film_exam, home

from imagingqc.imaging.text import TextBox
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.storage import default_storage
from yingheng.common import events
from yingheng.jobs.models import Job
from yingheng.review import letters
from yingheng.review.models import Campaign
from yingheng.review.services import lettering
from yingheng.review.services.assigning import campaign_begin
from yingheng.review.services.drawing import campaign_draw
from yingheng.review.services.lettering import letters_asked
from yingheng.review.services.swapping import case_swap
from yingheng.review.spec import SamplingSpec

pytestmark = pytest.mark.django_db
__all__ = ["home"]


class Finds:
    """A reader of text that finds a name in every picture; `dies` at that picture."""

    def __init__(self, dies=0):
        self.asked, self.dies = 0, dies

    def read(self, image8):
        self.asked += 1
        if self.asked == self.dies:
            raise KeyboardInterrupt
        return (TextBox("ZHANG SANFENG", 0.9, 20, 30, 40, 10),)


@pytest.fixture
def finder(monkeypatch):
    made = Finds()
    monkeypatch.setattr(letters, "default_text_reader", lambda: made)
    return made


def begun(home, n=1, **more):
    """A sample of `n` exams of two films each that has just begun, and its reader."""
    hospital = make_hospital()
    exams = [film_exam(hospital, home / f"{i}", f"film{i}", n=2) for i in range(n)]
    pool = make_readers(hospital, 1)
    rules = reading(pool, readers=1, **more)
    campaign = make_campaign(hospital, exams, make_sheet(hospital), reads=rules, state="drawn")
    campaign_begin(actor=ACTOR, campaign=campaign)
    return campaign, pool[0]


def asked():
    rows = Job.objects.filter(kind=events.LETTERS_ASKED).order_by("created_at", "pk")
    return list(rows.values_list("natural_key", flat=True))


def kept(home):
    return list((home.parent / "home" / "cache" / "letters").rglob("*.json"))


def test_the_room_finds_what_was_looked_for_when_the_sample_began(home, finder):
    campaign, reader = begun(home)
    assert asked() == [f"{campaign.pk}:1"]
    assert finder.asked == 0  # not in the request that begins it
    for _time in range(2):
        letters_asked(asked()[0], {})
    assert finder.asked == len(kept(home)) == 2
    row, client = campaign.assignments.get(), client_of(reader)
    for name in ("reading_frame", "reading_thumbnail"):
        where = [row.pk, 0, 0, 0] if name == "reading_frame" else [row.pk, 0, 0]
        assert client.get(reverse(f"web:{name}", args=where)).status_code == 200
    assert client.get(reverse("web:reading_case", args=[row.pk])).json()["unchecked"] is False
    assert finder.asked == 2


def test_a_job_looks_at_a_few_cases_and_asks_for_the_next(home, finder, monkeypatch):
    monkeypatch.setattr(lettering, "AT_ONCE", 1)
    campaign, _reader = begun(home, n=2)
    letters_asked(asked()[0], {})
    assert finder.asked == 2
    assert asked() == [f"{campaign.pk}:1", f"{campaign.pk}:2"]
    letters_asked(asked()[1], {})
    assert (finder.asked, len(asked())) == (4, 2)


def test_one_that_was_stopped_goes_on_where_it_was(home, monkeypatch):
    finder = Finds(dies=2)
    monkeypatch.setattr(letters, "default_text_reader", lambda: finder)
    begun(home)
    with pytest.raises(KeyboardInterrupt):
        letters_asked(asked()[0], {})
    assert len(kept(home)) == 1
    letters_asked(asked()[0], {})
    assert (finder.asked, len(kept(home))) == (3, 2)


def test_images_that_are_gone_hold_up_nothing(home, finder):
    begun(home)
    default_storage().local_path(Instance.objects.order_by("number").first().storage_key).unlink()
    letters_asked(asked()[0], {})
    assert finder.asked == 1


def test_a_case_that_is_swapped_in_is_looked_at(home, finder):
    hospital = make_hospital()
    exams = [film_exam(hospital, home / f"{i}", f"film{i}") for i in range(2)]
    plan = make_plan(hospital, make_sheet(hospital), reads=reading(make_readers(hospital, 1), readers=1),
                     sampling=SamplingSpec(size=1))  # fmt: skip
    day = exams[0].local_day
    campaign = campaign_draw(actor=ACTOR, plan=plan, first_day=day, last_day=day)
    campaign_begin(actor=ACTOR, campaign=campaign)
    case_swap(actor=ACTOR, case=campaign.cases.get(), reason="重复")
    assert asked() == [f"{campaign.pk}:1", f"{campaign.pk}:2"]
    letters_asked(asked()[1], {})
    assert finder.asked == 1


def test_nothing_is_asked_where_nothing_is_hidden(home):
    begun(home, blind="open")
    assert asked() == []


def test_only_pictures_that_may_carry_text_are_looked_at_and_only_while_it_is_read(home, finder):
    campaign, _reader = begun(home)
    rows = Campaign.objects.filter(pk=campaign.pk)
    rows.update(state="drawn")
    letters_asked(asked()[0], {})
    rows.update(state="reading")
    Series.objects.update(modality="CT", facts={})
    letters_asked(asked()[0], {})
    assert (finder.asked, kept(home)) == (0, [])


def test_without_a_reader_of_text_nothing_is_done_and_the_case_is_unchecked(home, monkeypatch):
    monkeypatch.setattr(letters, "default_text_reader", lambda: None)
    campaign, reader = begun(home)
    letters_asked(asked()[0], {})
    assert kept(home) == []
    row = campaign.assignments.get()
    assert client_of(reader).get(reverse("web:reading_case", args=[row.pk])).json()["unchecked"] is True
