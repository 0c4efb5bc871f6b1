"""Two hundred kills of receiver, intake and worker while objects come in."""

import pytest
from tests.network.conftest import installation, new  # noqa: F401 - found by name
from tests.network.kills import kill_and_check
from tests.network.test_intake_is_killed import REFUSED, written

pytestmark = [pytest.mark.soak, pytest.mark.network, REFUSED]
ROUNDS = 10  # in each of twenty installations


@pytest.fixture(scope="module")
def outgoing(tmp_path_factory):
    return written(tmp_path_factory.mktemp("outgoing"), n_exams=12, n=100)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_acknowledged_is_lost_or_doubled(installation, outgoing, seed):  # noqa: F811
    assert kill_and_check(installation, outgoing, rounds=ROUNDS, seed=1000 + seed)
