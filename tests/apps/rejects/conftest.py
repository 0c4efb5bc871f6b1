"""A share that is watched, a folder in it, and a clock that stands still."""

import datetime as dt

import pytest
from tests.apps.rejects.making import DAY, brought, csv_of, device_of, folder_of, zh_rows
from tests.apps.rejects.watching import Clock


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr("yingheng.rejects.services.looking.now", found)
    return found


@pytest.fixture
def root(tmp_path, settings):
    made = tmp_path / "share"
    made.mkdir()
    settings.YINGHENG_WATCH_ROOTS = [str(made)]
    settings.YINGHENG_HOME = tmp_path / "home"
    return made.resolve()


@pytest.fixture
def row(hospital, root):
    """A watched folder of a device whose columns a person looked at once."""
    device = device_of(hospital)
    (root / "dr1").mkdir()
    return folder_of(brought(device, csv_of(zh_rows(1, day=DAY - dt.timedelta(days=60)))), root / "dr1")
