"""A sending process that is killed skips nothing, and notes nothing that the destination has not taken."""

import pytest
from tests.network.archive import Archive

pytestmark = pytest.mark.network
NOTED = "SELECT sop_uid FROM ingest_sentobject WHERE outcome IN ('ok', 'warning')"
KILLED_AT = (20, 75)  # objects that came, of some 130


def test_it_sends_everything_at_least_once(to_evaluate):
    wanted = {uid for (uid,) in to_evaluate.rows("SELECT sop_uid FROM catalog_instance")}
    with Archive() as archive:
        for number in KILLED_AT:
            process = to_evaluate.start(archive.port, module="tests.network.sends")
            archive.taken = lambda n, at=number, process=process: process.kill() if n == at else None
            assert process.wait(timeout=120) == -9
            noted = {uid for (uid,) in to_evaluate.rows(NOTED)}
            assert noted <= archive.uids
        archive.taken = lambda _n: None
        to_evaluate.run(archive.port, module="tests.network.sends")
    assert archive.uids == wanted
    assert {uid for (uid,) in to_evaluate.rows(NOTED)} == wanted
    assert to_evaluate.rows("SELECT DISTINCT state FROM ingest_delivery") == [("sent",)]
    assert sum(n for (n,) in to_evaluate.rows("SELECT n_sent FROM ingest_delivery")) == len(wanted)
    assert max(archive.times.values()) <= 1 + len(KILLED_AT)
