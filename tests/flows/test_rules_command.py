"""The `rules` command, as somebody at a terminal meets it."""

import json

import pytest
from click.testing import CliRunner
from tests.apps.conftest import PASSWORD
from tests.apps.rulebook.making import MATRIX, THICKNESS, TODAY, series_with, value_of

from imagingqc.criteria.load import lint_text
from yingheng.cli.main import main
from yingheng.rulebook.models import RuleEdition, ShadowRun
from yingheng.rulebook.selectors import standards_for

pytestmark = pytest.mark.django_db
TAIYUAN = "taiyuan-mutual-recognition-trial"


def call(*words, typed=""):
    """(exit code, standard output, standard error) of `yingheng rules …`."""
    result = CliRunner().invoke(main, ["rules", *(str(w) for w in words)], input=typed, env={"COLUMNS": "300"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def file(tmp_path):
    """The matrix criterion of the city's standard, tightened to 1024."""
    code, text, _ = call("new", "--from", TAIYUAN, "--criterion", "ct.image.matrix", "--title", "CT 规则")
    assert code == 0
    assert lint_text(text, "new") == []
    target = tmp_path / "rules.toml"
    target.write_text(text.replace("value = 512", "value = 1024"))
    return target


@pytest.fixture
def stored(hospital):
    for number, size in enumerate((256, 512, 1024), start=1):
        series_with(hospital, number, value_of(MATRIX, size, "1"), value_of(THICKNESS, 1.0))


def test_new_refuses_what_is_not_there():
    assert call("new", "--from", "none", "--criterion", "x")[0] == 2
    code, _, said = call("new", "--from", TAIYUAN, "--criterion", "no.such")
    assert (code, "no.such" in said) == (2, True)


def test_validate_names_each_mistake_and_each_loosened_limit(hospital, file):
    assert call("validate", file, "--hospital", "h1") == (0, "", "0 处错误 · errors\n")
    sound = file.read_text()
    file.write_text(sound.replace("value = 1024", "value = 256"))
    code, said, _ = call("validate", file)
    assert code == 1
    assert "ct.image.matrix:limit" in said
    assert "≥ 512" in said
    file.write_text(sound.replace('unit = "1"', 'unit = "mm"'))
    assert "ct.image.matrix:unit" in call("validate", file)[1]
    file.write_text(sound.replace('level = "hospital"', 'level = "city"'))
    assert "standard:level" in call("validate", file)[1]
    file.write_bytes(b"\xff\xfe\x00")
    assert call("validate", file)[0] == 1


def test_shadow_counts_and_changes_nothing(hospital, stored, file):
    code, said, _ = call("shadow", file, "--days", "7")
    assert code == 0
    assert "对象 3，新增不合格检查 1" in said
    code, said, _ = call("shadow", file, "--json")
    (row,) = json.loads(said)["criteria"]
    assert row["changes"] == {"same": 2, "newly_fail": 1}
    assert not RuleEdition.objects.exists()
    file.write_text(file.read_text().replace("value = 1024", "value = 256"))
    assert call("shadow", file)[0] == 1


def test_publish_tries_signs_and_rolls_back(hospital, stored, file, person):
    person("head", "sun")
    given = ("publish", file, "--from", TODAY, "--by", "sun", "--note", "科室会议通过")
    assert call(*given, typed="Wrong-Password-1\n")[0] == 1
    assert not RuleEdition.objects.exists()
    code, said, error = call(*given, typed=f"{PASSWORD}\n")
    assert code == 0, error
    made = RuleEdition.objects.get()
    assert made.code in said
    assert ShadowRun.objects.get().state == "done"
    assert standards_for(hospital, TODAY)[-1].id == made.code
    assert made.code in call("list")[1]
    code, said, _ = call("rollback", "--reason", "误判太多")
    assert (code, made.code in said) == (0, True)
    assert standards_for(hospital, TODAY)[-1].id != made.code
    assert call("rollback", "--reason", "again")[0] == 2


def test_publish_refuses_who_may_not_and_what_is_looser(hospital, file, person):
    person("technologist", "zhao")
    person("head", "sun")
    given = ("publish", file, "--from", TODAY, "--note", "x", "--untried", "首次", "--by")
    assert "无权" in call(*given, "zhao", typed=f"{PASSWORD}\n")[2]
    file.write_text(file.read_text().replace("value = 1024", "value = 256"))
    code, _, said = call(*given, "sun", typed=f"{PASSWORD}\n")
    assert (code, TAIYUAN in said) == (1, True)
    assert not RuleEdition.objects.exists()
