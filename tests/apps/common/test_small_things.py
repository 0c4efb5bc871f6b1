from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest

from yingheng.common import events, ids
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid, NotAllowed, NotFound, error_text, error_texts_add
from yingheng.common.ids import uuid7


def test_an_id_is_a_version_7_uuid_of_this_instant():
    before = now()
    made = uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    instant = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
    assert abs((instant - before).total_seconds()) < 5


def test_ids_increase_and_never_repeat():
    made = [uuid7() for _number in range(20_000)]
    assert made == sorted(set(made))


def test_ids_increase_when_the_clock_steps_back(monkeypatch):
    first = uuid7()
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_000_000_000_000_000_000)
    assert first < uuid7() < uuid7()


def test_ids_of_many_threads_never_repeat():
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _number: uuid7(), range(4000)))
    assert len(set(made)) == 4000


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Asia/Shanghai", date(2026, 11, 22)), ("Asia/Urumqi", date(2026, 11, 21)), ("UTC", date(2026, 11, 21))],
)
def test_a_day_is_the_hospitals_own(zone, day):
    assert local_day(zone, datetime(2026, 11, 21, 16, 30, tzinfo=UTC)) == day


def test_a_time_without_a_zone_has_no_day():
    with pytest.raises(ValueError, match="zone"):
        local_day("Asia/Shanghai", datetime(2026, 11, 21))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("kind", [NotAllowed, NotFound, Conflict, Invalid])
def test_an_error_shows_its_words_and_never_its_code(kind):
    assert error_text(kind("test.unregistered")) == str(kind.fallback)
    assert "test." not in error_text(kind("test.unregistered"))


def test_an_error_fills_its_words():
    error_texts_add({"test.taken": "%(what)s is taken"})
    assert error_text(Conflict("test.taken", what="h1")) == "h1 is taken"
    with pytest.raises(ValueError, match="registered twice"):
        error_texts_add({"test.taken": "something else"})


def test_every_kind_of_event_is_its_own():
    kinds = [value for name, value in vars(events).items() if name.isupper()]
    assert len(kinds) == len(set(kinds))
    assert all(kind.count(".") == 1 for kind in kinds)
