"""Files as receivers leave them in the spool, with known content."""

import io
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from yingheng.ingest.spool import Kind

STEP_CLASS = "1.2.840.10008.3.1.2.3.3"
COMMITMENT_CLASS = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"


def encoded(dataset: Dataset, *, calling="CT1", called="YINGHENG") -> bytes:
    dataset.file_meta.SourceApplicationEntityTitle = calling
    dataset.file_meta.ReceivingApplicationEntityTitle = called
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def ct_objects(folder: Path, *, n=4, rows=16, key="sent", patient="SENT1", **study) -> list[Dataset]:
    """A small CT series as data sets, by instance number."""
    ct_series(folder, n=n, rows=rows, patient=Patient(id=patient), study=Study(key=key, **study))
    return sorted((dcmread(path) for path in folder.rglob("*.dcm")), key=lambda ds: ds.InstanceNumber)


def message(sop_class: str, sop_uid: str, **values) -> Dataset:
    """A data set of a normalised service, as a file."""
    dataset = Dataset()
    dataset.update({})
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = sop_uid
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def item(**values) -> Dataset:
    out = Dataset()
    for keyword, value in values.items():
        setattr(out, keyword, value)
    return out


def step_create(study_uid: str, *, sop_uid="1.2.9.1", modality="CT", **more) -> Dataset:
    return message(
        STEP_CLASS,
        sop_uid,
        PerformedProcedureStepStatus="IN PROGRESS",
        PerformedProcedureStepStartDate="20260105",
        PerformedProcedureStepStartTime="092900",
        Modality=modality,
        ScheduledStepAttributesSequence=[item(StudyInstanceUID=study_uid, AccessionNumber="A1")],
        PerformedSeriesSequence=[],
        **more,
    )


def step_set(counts: dict[str, int], *, sop_uid="1.2.9.1", status="COMPLETED", **more) -> Dataset:
    def one(n):
        return item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID=f"1.2.8.{n}")

    return message(
        STEP_CLASS,
        sop_uid,
        PerformedProcedureStepStatus=status,
        PerformedProcedureStepEndDate="20260105",
        PerformedProcedureStepEndTime="093900",
        PerformedSeriesSequence=[
            item(SeriesInstanceUID=uid, ReferencedImageSequence=[one(i) for i in range(1, n + 1)])
            for uid, n in counts.items()
        ],
        **more,
    )


def commitment(objects, *, transaction="1.2.7.1") -> Dataset:
    """An N-ACTION request for pairs of SOP class and instance."""
    return message(
        COMMITMENT_CLASS,
        COMMITMENT_INSTANCE,
        TransactionUID=transaction,
        ReferencedSOPSequence=[
            item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=uid) for sop_class, uid in objects
        ],
    )


def put(spool, hospital, *datasets, kind=Kind.OBJECT, **titles):
    return [spool.put(hospital.pk, kind, encoded(dataset, **titles)) for dataset in datasets]
