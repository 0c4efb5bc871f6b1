"""`yingheng deidentify`: copies beside the originals, refusals with their reasons, the secret kept apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydicom import dcmread
from tests.phantoms import dicom as phantoms

import yingheng.cli.deidentify as module
from yingheng.cli.deidentify import command

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture(autouse=True)
def nobody_reads(monkeypatch):
    """No reader of text, whether the extra is installed here or not."""
    monkeypatch.setattr(module, "default_text_reader", lambda: None)


def run(*args: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(command, [str(a) for a in args])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def copies(out: Path) -> list[Path]:
    return sorted(out.rglob("*.dcm"))


def test_it_copies_a_folder_without_identity(tmp_path):
    originals = phantoms.ct_series(tmp_path / "in", n=3, rows=32)
    before = [p.read_bytes() for p in originals]
    code, text, _ = run(tmp_path / "in", tmp_path / "out", "--key", tmp_path / "key")
    assert (code, text.strip()) == (0, "导出 3，拒绝 0")
    made = [dcmread(p) for p in copies(tmp_path / "out")]
    assert len(made) == 3
    assert len({ds.PatientID for ds in made}) == 1
    assert len({ds.SOPInstanceUID for ds in made}) == 3
    assert all(p.stem == dcmread(p).SOPInstanceUID for p in copies(tmp_path / "out"))
    assert not any(b"DEMO^PATIENT" in p.read_bytes() for p in copies(tmp_path / "out"))
    assert [p.read_bytes() for p in originals] == before
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_it_gives_the_same_names_for_the_same_key(tmp_path):
    phantoms.ct_series(tmp_path / "in", n=1, rows=32)
    names = []
    for out, key in (("a", "k1"), ("b", "k1"), ("c", "k2")):
        run(tmp_path / "in", tmp_path / out, "--key", tmp_path / key)
        names.append(copies(tmp_path / out)[0].relative_to(tmp_path / out))
    assert names[0] == names[1] != names[2]


def test_it_says_what_it_refused_and_why(tmp_path):
    phantoms.ct_series(tmp_path / "in", n=1, rows=32)
    phantoms.us_colour(tmp_path / "in" / "us", rows=24, columns=32)
    (tmp_path / "in" / "notes.txt").write_text("hello")
    code, text, errors = run(tmp_path / "in", tmp_path / "out", "--key", tmp_path / "key", "--lang", "en")
    assert (code, text.strip()) == (1, "released 1, refused 2")
    assert "notes.txt: not a DICOM file" in errors
    assert "burned into the pixels (US)" in errors
    code, text, _ = run(tmp_path / "in" / "us", tmp_path / "out2", "--key", tmp_path / "key", "--looked-at")
    assert code == 0


def test_it_blacks_out_the_rectangle_that_is_given(tmp_path):
    phantoms.us_colour(tmp_path / "in", rows=24, columns=32)
    code, _, _ = run(tmp_path / "in", tmp_path / "out", "--key", tmp_path / "k", "--looked-at", "--blank", "0,0,32,4")
    assert code == 0
    assert not dcmread(copies(tmp_path / "out")[0]).pixel_array[..., :4, :, :].any()


@pytest.mark.parametrize("blank", ["1,2,3", "a,b,c,d", "-1,0,5,5", "0,0,0,5"])
def test_it_wants_rectangles_of_four_numbers(tmp_path, blank):
    (tmp_path / "in").mkdir()
    assert run(tmp_path / "in", tmp_path / "out", "--key", tmp_path / "k", "--blank", blank)[0] == 2


def test_it_keeps_originals_copies_and_secret_apart(tmp_path):
    (tmp_path / "in").mkdir()
    key = tmp_path / "key"
    assert run(tmp_path / "in", tmp_path / "in", "--key", key)[0] == 2
    assert run(tmp_path / "in", tmp_path / "in" / "out", "--key", key)[0] == 2
    assert run(tmp_path / "in", tmp_path, "--key", key)[0] == 2
    assert run(tmp_path / "in", tmp_path / "out", "--key", tmp_path / "out" / "key")[0] == 2
    assert not key.exists()


def test_it_wants_a_secret_that_is_one(tmp_path):
    phantoms.ct_series(tmp_path / "in", n=1, rows=32)
    (tmp_path / "words").write_text("not hexadecimal")
    assert run(tmp_path / "in", tmp_path / "out", "--key", tmp_path / "words")[0] == 2
    (tmp_path / "short").write_text("abcd")
    code, _, errors = run(tmp_path / "in", tmp_path / "out", "--key", tmp_path / "short")
    assert code == 1
    assert "密钥太短" in errors


def test_it_finds_nothing_to_do_in_an_empty_folder(tmp_path):
    (tmp_path / "in").mkdir()
    assert run(tmp_path / "in", tmp_path / "out", "--key", tmp_path / "key")[0] == 2


def test_it_needs_no_platform(tmp_path):
    phantoms.ct_series(tmp_path / "in", n=1, rows=32)
    script = (
        "import sys; from yingheng.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print('LOADED' if any(m.split('.')[0] == 'django' for m in sys.modules) else 'ALONE')"
    )
    args = ["deidentify", str(tmp_path / "in"), str(tmp_path / "out"), "--key", str(tmp_path / "key")]
    done = subprocess.run(
        [sys.executable, "-c", script, *args],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ALONE" in done.stdout
