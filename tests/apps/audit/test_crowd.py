import json

import pytest

pytestmark = pytest.mark.network


def test_writers_at_once_keep_one_whole_chain(place):
    writers = [place.start("write_log", 40) for _number in range(4)]
    for writer in writers:
        _out, err = writer.communicate(timeout=120)
        assert writer.returncode == 0, err
    assert json.loads(place.run("verify_log")) == [160, []]
