import datetime as dt

import pytest
from tests.apps.ui.rendering import a_request

from yingheng.common.ui import panels
from yingheng.common.ui.parts import Section, TimelineEntry


@pytest.fixture(autouse=True)
def _empty_registry(monkeypatch):
    monkeypatch.setattr(panels, "_panels", {kind: [] for kind in panels.KINDS})


def test_it_collects_sections_in_order_and_skips_nothing_to_say():
    def late(_request, subject):
        return Section(f"late {subject}")

    def early(_request, subject):
        return Section(f"early {subject}")

    def silent(_request, _subject):
        return None

    panels.register_panel("exam", late, order=20)
    panels.register_panel("exam", early, order=10)
    panels.register_panel("exam", silent)
    panels.register_panel("exam", late, order=20)
    assert [s.title for s in panels.panels_for("exam", a_request(), 7)] == ["early 7", "late 7"]
    assert panels.panels_for("device", a_request(), 7) == []


def test_it_merges_timelines_newest_first():
    def at(hour):
        return TimelineEntry(dt.datetime(2026, 11, 21, hour, tzinfo=dt.UTC), str(hour))

    def first(_request, _subject):
        return [at(8), at(12)]

    def second(_request, _subject):
        return [at(10)]

    panels.register_panel("timeline", first)
    panels.register_panel("timeline", second)
    assert [e.text for e in panels.timeline_for(a_request(), 7)] == ["12", "10", "8"]


def test_it_refuses_an_unknown_kind():
    with pytest.raises(KeyError):
        panels.register_panel("planet", lambda _request, _subject: None)
