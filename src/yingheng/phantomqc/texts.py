"""Words of the errors and messages of this app."""

from django.utils.translation import gettext_lazy as _

from yingheng.notify.messages import Kind

ERROR_TEXTS = {
    "phantomqc.reason_missing": _("Give a reason."),
    "phantomqc.selector_unknown": _("This rule does not exist, or you have no access to it."),
    "phantomqc.case_unknown": _("These images do not exist, or you have no access to them."),
    "phantomqc.test_unknown": _("This test does not exist, or you have no access to it."),
    "phantomqc.book_unknown": _("There is no book of this device and year."),
    "phantomqc.case_dismissed": _("These images were put aside already."),
    "phantomqc.series_missing": _("Choose at least one series of this exam."),
    "phantomqc.test_type": _("Choose acceptance, status or constancy."),
    "phantomqc.analysis_unknown": _("There is no analysis called %(test)s."),
    "phantomqc.parameter_unknown": _("This analysis takes no parameter %(parameter)s."),
    "phantomqc.parameter_bad": _("The parameter %(parameter)s is not of the kind it should be."),
    "phantomqc.template_of_other_device": _("This test is for another kind of device."),
    "phantomqc.template_gone": _("This version of the program does not know the template of this test."),
    "phantomqc.day_ahead": _("A test cannot be done on a day that lies ahead."),
    "phantomqc.item_unknown": _("This test has no such item to fill in."),
    "phantomqc.nothing_to_fill": _("This test has nothing to fill in: its images are measured by themselves."),
    "phantomqc.reading_differs": _("This instrument sent other readings under the id %(number)s."),
    "phantomqc.reading_of_other_device": _("These readings are for another kind of device."),
    "phantomqc.reading_refused": _("These readings cannot be taken."),
    "phantomqc.items_missing": _("Still missing: %(items)s."),
    "phantomqc.test_submitted": _("This test was submitted and does not change any more."),
    "phantomqc.nothing_proposed": _("No test is proposed for these images any more."),
    "phantomqc.nothing_measured": _("Nothing was measured that could be a baseline."),
    "phantomqc.baseline_values": _("Choose at least %(fewest)s values since the last change of the device."),
    "phantomqc.baseline_of_tests": _("The baseline of exams forms by itself."),
    "phantomqc.gate_hours": _("Give a number of hours from 0 to 168."),
    "phantomqc.name_missing": _("Give the rule a name."),
    "phantomqc.words_missing": _("Give at least one word by which the phantom is told from patients."),
    "phantomqc.device_unknown": _("This device does not exist, or you have no access to it."),
}

MESSAGES = {
    "device_test.failed": Kind(
        _("%(device)s failed its status test: %(what)s. It is restricted once you take note, at the latest %(at)s."),
        "urgent",
    ),
    "device_test.superseded": Kind(
        _(
            "%(device)s: the test “%(what)s” of %(day)s rests on images that %(who)s matched to another test or put "
            "aside (%(why)s). It does not count any more: what it had done is due again."
        ),
        "warning",
    ),
    "device_test.superseded_restricted": Kind(
        _(
            "%(device)s: the failed test “%(what)s” of %(day)s rests on images that %(who)s matched to another test or "
            "put aside (%(why)s). The restriction that follows from it stays until a later test passes or a person "
            "decides: test the device again."
        ),
        "urgent",
    ),
}
