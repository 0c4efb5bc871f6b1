"""A store that cannot be written stops an import in words, half-catalogues nothing, and the next run finishes."""

import resource

import pytest

from imagingqc.dicom.synthetic import Patient, Study, dx_image

pytestmark = pytest.mark.network
BIGGEST = 12 * 2**20  # bytes a file may have: the database stays below, the film of 32 MiB does not


def only_small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (BIGGEST, BIGGEST))


def check_half(installation):
    """What is catalogued is in the store, whole, and says of itself what is there."""
    installation.check_objects()
    counted = installation.rows(
        "SELECT e.n_instances, (SELECT count(*) FROM catalog_instance i JOIN catalog_series s ON s.id = i.series_id"
        " WHERE s.exam_id = e.id) FROM catalog_exam e"
    )
    assert all(said == there for said, there in counted)
    assert list((installation.home / "objects").glob("tmp/*")) == []


def test_a_file_that_does_not_fit(installation, exams, tmp_path):
    study = Study(key="net-big", date="20991231")  # sorted to the end: much is stored before it
    dx_image(tmp_path / "big", ei=250, rows=4096, columns=4096, patient=Patient(name="DEMO^BIG", id="BIG"), study=study)
    folders = (exams, tmp_path / "big")
    said = installation.run("import", *folders, code=1, preexec_fn=only_small_files)
    assert "无法写入" in said
    assert "Traceback" not in said
    check_half(installation)
    assert installation.count("catalog_exam", "state = 'closed'") == 0
    said = installation.run("import", *folders)
    assert installation.count("catalog_exam", "state = 'closed'") == 6, said
    check_half(installation)


def test_a_folder_that_cannot_be_written(undisturbed, installation, exams):
    blocked = installation.home / "objects"
    blocked.write_text("not a folder")
    said = installation.run("import", exams, code=1)
    assert "无法写入" in said
    assert "Traceback" not in said
    assert installation.count("catalog_instance") == 0
    assert installation.count("catalog_exam") == 0
    blocked.unlink()
    installation.run("import", "--evaluate", exams)
    assert installation.facts() == undisturbed.facts


def test_a_database_that_is_full(undisturbed, installation, exams):
    said = installation.run("import", exams, module="tests.network.full_database", code=1)
    assert "无法写入" in said
    assert "full" in said
    assert "Traceback" not in said
    check_half(installation)
    installation.run("import", "--evaluate", exams)
    assert installation.facts() == undisturbed.facts
