"""Two hundred imports killed at random, each finished by running it again."""

import pytest
from tests.network.conftest import exams, imported, installation, new, undisturbed  # noqa: F401 - found by name
from tests.network.test_import_is_killed import kill_and_finish

pytestmark = [pytest.mark.soak, pytest.mark.network]
FIRST, LAST = 1000, 1200


@pytest.mark.parametrize("seed", range(FIRST, LAST))
def test_it_finishes_what_a_killed_import_began(undisturbed, installation, exams, seed):  # noqa: F811
    kill_and_finish(undisturbed, installation, exams, seed, evaluate=seed % 4 == 0)
