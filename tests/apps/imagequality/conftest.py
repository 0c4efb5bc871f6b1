"""One hospital and a folder to import from."""

import pytest

from imagingqc.dicom.header import read_instance
from imagingqc.dicom.synthetic import Study, ct_series
from yingheng.audit.actor import Actor
from yingheng.catalog.arrivals import CatalogueItem
from yingheng.catalog.models import Series
from yingheng.catalog.services import instances_catalogue
from yingheng.catalog.storage import default_storage
from yingheng.common.clock import now
from yingheng.ingest.services import folder_import
from yingheng.jobs.worker import run_due_here


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()
    settings.YINGHENG_JOB_ROUTES = "yingheng.pipeline.routes.ROUTES"


@pytest.fixture
def slices(tmp_path):
    """Ten files of one CT series, in order of position."""
    folder = tmp_path / "ct"
    ct_series(folder, n=10, rows=64, study=Study(key="iq"))
    return sorted(folder.rglob("*.dcm"), key=lambda path: read_instance(path).number("InstanceNumber"))


@pytest.fixture
def bring(hospital):
    """`bring(files)` imports and evaluates; with `close=False` only catalogues, as while an exam still arrives."""

    def work(files, *, close=True):
        if close:
            folder_import(hospital=hospital, paths=files, actor=Actor("system:test", "test"))
            run_due_here()
            return Series.objects.get(hospital=hospital)
        items = []
        for path in files:
            stored = default_storage().put(path.read_bytes())
            item = CatalogueItem(read_instance(path), stored.key, stored.sha256, stored.size, now())
            items.append(item)
        instances_catalogue(hospital=hospital, items=items)
        return Series.objects.get(hospital=hospital)

    return work
