"""Images whose test nobody knows: tests are tried on the pixels, one is proposed, and a person confirms it."""

import pytest
from tests.flows.phantoms import TESTER, send_water

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from imagingqc.dicom.synthetic.phantoms.dr_raw import Detector, dr_dark
from imagingqc.dicom.synthetic.phantoms.mr_acr import mr_acr
from yingheng.common.errors import Conflict
from yingheng.evidence.models import Assessment, MeasurementSet, QuantityPoint
from yingheng.ingest.services import folder_import
from yingheng.jobs.models import Job
from yingheng.jobs.worker import run_due_here
from yingheng.phantomqc.models import DeviceTest, PhantomCase, PhantomRun
from yingheng.phantomqc.services import case_route, case_try, trial_confirm

pytestmark = pytest.mark.django_db
SMALL = Detector(rows=344, columns=344, spacing=1.0)


def arrived(hospital, folder):
    folder_import(hospital=hospital, paths=[folder], actor=TESTER)
    run_due_here()
    return PhantomCase.objects.get()


def said(case):
    return {one["test"]: one["accepted"] or one["reason_code"] for one in case.trial["tried"]}


def test_the_only_test_that_accepts_the_images_is_proposed_and_nothing_is_judged(hospital, tmp_path):
    send_water(hospital, tmp_path)
    case = PhantomCase.objects.get()
    assert (case.state, case.test, case.trial["proposed"]) == ("unknown", "", "ct.water")
    assert said(case) == {"ct.water": True, "ct.acr": "phantom_other", "ct.catphan": "phantom_not_found"}
    assert case.trial["left_out"] == []
    for model in (PhantomRun, Assessment, MeasurementSet, QuantityPoint, DeviceTest):
        assert not model.objects.exists()


def test_a_person_confirms_it_and_it_is_judged(hospital, tmp_path):
    send_water(hospital, tmp_path)
    case = PhantomCase.objects.get()
    made = trial_confirm(actor=TESTER, case=case)
    run_due_here()
    made.refresh_from_db()
    assert (made.state, made.test, made.test_type, made.origin) == ("done", "ct.water", "constancy", "person")
    assert made.run.outcome
    case.refresh_from_db()
    with pytest.raises(Conflict):
        trial_confirm(actor=TESTER, case=case)


def test_a_test_that_knows_its_phantom_goes_before_one_for_anything_even(hospital, tmp_path):
    mr_acr(tmp_path)
    case = arrived(hospital, tmp_path)
    assert case.trial["proposed"] == "mr.acr"
    assert said(case)["mr.uniform"] is True


def test_a_dark_image_is_proposed_as_one(hospital, tmp_path):
    dr_dark(tmp_path, detector=SMALL, facts={"SeriesDescription": "QC PHANTOM", "StudyDescription": "QC PHANTOM"})
    case = arrived(hospital, tmp_path)
    assert (case.trial["proposed"], said(case)["dr.dark"]) == ("dr.dark", True)


def test_nothing_is_proposed_for_what_no_test_accepts(hospital, tmp_path, signed_in):
    ct_series(tmp_path, n=4, rows=64, patient=Patient(), study=Study(key="p", description="QA 胸部"))
    case = arrived(hospital, tmp_path)
    assert case.trial["proposed"] == ""
    assert True not in said(case).values()
    page = signed_in("technologist").get(f"/device-tests/phantoms/{case.pk}/").content.decode()
    assert "/confirm/" not in page
    with pytest.raises(Conflict):
        trial_confirm(actor=TESTER, case=case)


def test_a_trial_ends_in_time_and_proposes_nothing_half_tried(hospital, tmp_path):
    send_water(hospital, tmp_path)
    case = case_try(case_id=PhantomCase.objects.get().pk, most_seconds=0.0)
    assert (case.trial["tried"], case.trial["proposed"]) == ([], "")
    assert case.trial["left_out"] == ["ct.water", "ct.acr", "ct.catphan"]


def test_nothing_is_tried_on_what_a_person_routed(hospital, tmp_path):
    send_water(hospital, tmp_path)
    case = PhantomCase.objects.get()
    made = case_route(
        actor=TESTER, case=case, test="ct.water", test_type="status", series=case.series, parameters={}
    )  # fmt: skip
    assert case_try(case_id=made.pk) is None
    assert case_try(case_id=case.pk) is None
    assert Job.objects.filter(kind="phantom.try").count() == 1


def test_it_is_confirmed_by_one_click(hospital, tmp_path, signed_in, django_assert_max_num_queries):
    send_water(hospital, tmp_path)
    case = PhantomCase.objects.get()
    client = signed_in("technologist")
    url = f"/device-tests/phantoms/{case.pk}/"
    with django_assert_max_num_queries(15):
        page = client.get(url).content.decode()
    assert f"{url}confirm/" in page
    assert "phantom_other" not in page  # in words
    assert signed_in("engineer").get(url).status_code == 200
    answer = client.post(f"{url}confirm/")
    made = PhantomCase.objects.get(test="ct.water")
    assert answer.url == f"/device-tests/phantoms/{made.pk}/"
    assert client.post(f"{url}confirm/").url == url  # no second time
