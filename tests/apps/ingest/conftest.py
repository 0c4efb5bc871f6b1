"""A data folder with a spool."""

from collections import Counter

import pytest

from yingheng.ingest.intake import TAKERS
from yingheng.ingest.services.draining import spool_drain
from yingheng.ingest.spool import Spool


@pytest.fixture
def home(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()
    return settings.YINGHENG_HOME


@pytest.fixture
def spool(home):
    return Spool(home)


@pytest.fixture
def drain(spool):
    """Drain until nothing waits; returns what became of the files."""

    def run(**more) -> Counter:
        total = Counter()
        while found := spool_drain(spool, takers=TAKERS, **more):
            total += found
        return total

    return run
