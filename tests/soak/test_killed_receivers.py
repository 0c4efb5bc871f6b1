"""Two hundred kills of receiver, intake and worker while objects come in."""

import sys

import pytest
from tests.network.conftest import installation, new  # noqa: F401 - found by name
from tests.network.kills import kill_and_check
from tests.network.test_intake_is_killed import written

pytestmark = [pytest.mark.soak, pytest.mark.network]
ROUNDS = 50  # in each of four installations


@pytest.fixture(scope="module")
def outgoing(tmp_path_factory):
    return written(tmp_path_factory.mktemp("outgoing"), n_exams=20, n=150)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_acknowledged_is_lost_or_doubled(installation, outgoing, capsys, seed):  # noqa: F811
    acknowledged = kill_and_check(installation, outgoing, rounds=ROUNDS, seed=1000 + seed)
    with capsys.disabled():
        sys.stdout.write(f"\n{ROUNDS} kills, {len(acknowledged)} objects acknowledged, none lost, none doubled\n")
    assert acknowledged
