"""The kinds of facts that jobs are made of. `pipeline.routes` alone decides what follows each."""

INSTANCE_QUARANTINED = "instance.quarantined"  # natural key: quarantine row id
SERIES_READY = "series.ready"  # natural key: catalog.Series id
SERIES_MEASURED = "series.measured"  # natural key: catalog.Series id; the fast set is stored, the full set follows
EXAM_READY = "exam.ready"  # natural key: catalog.Exam id; something of the exam changed and can be judged anew
EXAM_CLOSED = "exam.closed"  # natural key: catalog.Exam id; nothing more is expected
DEVICE_SEEN = "device.seen"  # natural key: registry.Device id; first seen in headers
DEVICE_RESTRICTED = "device.restricted"  # natural key: registry.Device id
DEVICE_RELEASED = "device.released"  # natural key: registry.Device id
DEVICE_CHANGED = "device.changed"  # natural key: registry.Device id | since when (ISO); it is another from then on
DEVICE_ACCUMULATE = "device.accumulate"  # natural key: registry.Device id | name of a method over many exams
DEVICE_FOLLOW = "device.follow"  # natural key: registry.Device id; rules ask for the course of more quantities
DEVICE_TREND = "device.trend"  # natural key: registry.Device id; a quantity began or ceased to drift
MEASUREMENT_STORED = "measurement.stored"  # natural key: evidence.MeasurementSet id
SERIES_JUDGE = "series.judge"  # natural key: catalog.Series id; what its values are compared with is another
BASELINE_CHANGED = "baseline.changed"  # natural key: evidence.Baseline id
ASSESSMENT_STORED = "assessment.stored"  # natural key: evidence.Assessment id
FINDING_OPENED = "finding.opened"  # natural key: evidence.Finding id
FINDING_CLOSED = "finding.closed"  # natural key: evidence.Finding id
PIXELS_EXPIRED = "pixels.expired"  # natural key: catalog.Series id
RULES_CHANGED = "rules.changed"  # "<tenancy.Organisation id>:<local day>"; exams from that day on have other rules now
SHADOW_ASKED = "shadow.asked"  # natural key: rulebook.ShadowRun id
ITEM_MAPPED = "item.mapped"  # natural key: registry.ItemMapping id; a text of a hospital means another item now
JOB_PARKED = "job.parked"  # natural key: jobs.Job id
