"""An import that dies anywhere loses nothing, doubles nothing, and is finished by running it again."""

import random
import time

import pytest
from tests.network.installation import Installation, wait_until

pytestmark = pytest.mark.network
ROUNDS = 3  # each kills once or twice; hundreds of rounds are in tests/soak
N_OBJECTS = 150  # a little fewer than there are
N_EXAMS = 5


def kill_somewhere(installation: Installation, exams, dice: random.Random, seconds: float) -> None:
    """Start an import and kill it: after a random time, or at a random number of stored objects."""
    process = installation.start("import", "--jobs", dice.choice((1, 2)), exams)
    if dice.random() < 0.4:
        time.sleep(dice.uniform(0, seconds))
    else:
        wanted = len(installation.stored_files()) + dice.randrange(N_OBJECTS)
        wait_until(lambda: process.poll() is not None or len(installation.stored_files()) >= wanted, every=0.005)
    process.kill()
    process.communicate()


def kill_and_finish(undisturbed, installation, exams, seed: int, *, evaluate: bool) -> None:
    dice = random.Random(seed)
    for _time in range(dice.choice((1, 1, 2))):
        kill_somewhere(installation, exams, dice, undisturbed.seconds)
        acknowledged = installation.check_objects()
        assert installation.rows("PRAGMA integrity_check") == [("ok",)]
    said = installation.run("import", exams)
    new = len(undisturbed.facts["instances"]) - acknowledged
    assert f"新入库 {new}，已有 {acknowledged}，隔离 0" in said
    assert installation.check_objects() == len(undisturbed.facts["instances"])
    assert installation.facts() == undisturbed.imported
    if evaluate:
        installation.run("worker", "--once")
        assert installation.facts() == undisturbed.facts


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_it_finishes_what_a_killed_import_began(undisturbed, installation, exams, seed):
    kill_and_finish(undisturbed, installation, exams, seed, evaluate=seed < 2)


def test_running_it_again_changes_nothing(undisturbed, exams):
    done = undisturbed.installation
    ids = done.rows("SELECT id FROM evidence_assessment ORDER BY id")
    said = done.run("import", "--evaluate", exams)
    assert f"新入库 0，已有 {len(undisturbed.facts['instances'])}，隔离 0" in said
    assert done.facts() == undisturbed.facts
    assert done.rows("SELECT id FROM evidence_assessment ORDER BY id") == ids


def test_two_imports_of_one_folder_at_once_share_the_work(undisturbed, installation, exams):
    pair = [installation.start("import", exams) for _one in range(2)]
    said = [process.communicate(timeout=120)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0], said
    installation.run("worker", "--once")
    installation.check_objects()
    assert installation.facts() == undisturbed.facts


def test_what_a_dead_import_left_open_is_closed_by_time_and_evaluated(undisturbed, installation, exams):
    said = installation.run("import", exams, module="tests.network.dies_before_closing", code=9)
    assert installation.count("catalog_exam", "state = 'receiving'") == N_EXAMS, said
    installation.run("worker", "--once")
    assert installation.count("catalog_exam", "state = 'receiving'") == N_EXAMS  # not quiet for long enough
    installation.env["YINGHENG_QUIET_SECONDS"] = "1"
    time.sleep(1)
    installation.run("worker", "--once")
    assert installation.facts() == undisturbed.facts


def test_several_commands_may_make_the_tables_at_once(tmp_path):
    fresh = Installation(tmp_path / "home")
    words = ["import", tmp_path]
    three = [fresh.start(*words) for _one in range(3)]
    said = [process.communicate(timeout=120)[0] for process in three]
    assert [process.returncode for process in three] == [2, 2, 2], said
    assert all("yingheng init" in text for text in said), said
