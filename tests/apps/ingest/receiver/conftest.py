"""A receiver at the other end of a socket pair."""

import pytest
from tests.apps.ingest.receiver.wire import Near, config_write


@pytest.fixture
def near(tmp_path):
    config_write(tmp_path)
    made = Near(tmp_path)
    yield made
    made.leaving.ask(0)
    made.join()
    made.reception.log.close()
    assert made.leftovers() == []


@pytest.fixture
def peer(near):
    with near.peer() as made:
        yield made
