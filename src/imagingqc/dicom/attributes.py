"""The closed list of DICOM attributes that are read, and what a believable value of each looks like.

The bounds are plausibility bounds, not quality limits: a value outside of them cannot come from a real machine and is
left out with a `Problem`.  Units are those of the attribute itself (DICOM PS3.3 / PS3.6): mm, ms, kV, mA, dGy*cm2 ...
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "uid", "date", "time", "datetime", "number", "integer", "code"]


@dataclass(frozen=True, slots=True)
class Spec:
    """How to read one attribute: its kind, and the closed range a number must lie in."""

    kind: Kind
    low: float = float("-inf")
    high: float = float("inf")


def _all(kind: Kind, keywords: str) -> Iterable[tuple[str, Spec]]:
    return ((keyword, Spec(kind)) for keyword in keywords.split())


_TEXT = """
SpecificCharacterSet ImageType Modality Manufacturer InstitutionName InstitutionalDepartmentName StationName
ManufacturerModelName DeviceSerialNumber SoftwareVersions StudyDescription SeriesDescription ProtocolName
PerformedProcedureStepDescription RequestedProcedureDescription AdmittingDiagnosesDescription
ReferringPhysicianName OperatorsName PerformingPhysicianName NameOfPhysiciansReadingStudy
PatientName PatientID IssuerOfPatientID OtherPatientIDs PatientSex PatientAge PatientComments EthnicGroup
AccessionNumber StudyID RetrieveAETitle SourceApplicationEntityTitle PerformedStationAETitle PerformedStationName
BodyPartExamined PatientPosition PatientOrientation Laterality ImageLaterality FrameLaterality ViewPosition
PresentationIntentType ConversionType BurnedInAnnotation RecognizableVisualFeatures
PhotometricInterpretation PixelIntensityRelationship PresentationLUTShape VOILUTFunction RescaleType
LossyImageCompression LossyImageCompressionMethod QualityControlImage ImageComments DerivationDescription
ConvolutionKernel ConvolutionKernelGroup ReconstructionAlgorithm FilterType ExposureModulationType ScanOptions
RotationDirection AcquisitionType   ContrastBolusAgent ContrastBolusRoute
ContrastBolusIngredient CollimatorShape CollimatorType Grid DetectorType DetectorConfiguration DetectorID
DetectorDescription DetectorMode DetectorActiveShape FieldOfViewHorizontalFlip CassetteOrientation PlateType PlateID
ExposureControlMode
ExposureControlModeDescription ExposureStatus  FilterMaterial AnodeTargetMaterial
PaddleDescription  BreastImplantPresent PartialView PartialViewDescription
ScanningSequence SequenceVariant SequenceName PulseSequenceName MRAcquisitionType AngioFlag ImagedNucleus
ReceiveCoilName TransmitCoilName ReceiveCoilType MultiCoilElementName InPlanePhaseEncodingDirection
SpectrallySelectedSuppression SpectrallySelectedExcitation  InversionRecovery EchoPulseSequence
ParallelAcquisition ParallelAcquisitionTechnique PartialFourier VariableFlipAngleFlag
VolumetricProperties VolumeBasedCalculationTechnique ComplexImageComponent AcquisitionContrast FrameType
DiffusionDirectionality DiffusionAnisotropyType RespiratoryMotionCompensationTechnique CardiacSynchronizationTechnique
StackID  LUTExplanation WindowCenterWidthExplanation
TransducerData TransducerType ProcessingFunction AcquisitionDeviceProcessingDescription
AcquisitionDeviceProcessingCode DeviceDescription GantryID CassetteID RequestingService ReasonForStudy
 DigitizingDeviceTransportDirection Radiopharmaceutical Units CountsSource CorrectedImage
PositionReferenceIndicator ContentLabel SeriesType DecayCorrection PixelSpacingCalibrationType
OrganExposed PositionerType RadiationSetting RadiationMode FluoroscopyFlag MaskOperation RecommendedViewingMode
FrameIncrementPointer AttenuationCorrectionMethod ScatterCorrectionMethod RandomsCorrectionMethod SUVType
"""

_UIDS = """
FrameOfReferenceUID SynchronizationFrameOfReferenceUID IrradiationEventUID ConcatenationUID DeviceUID
"""

_DATES = "StudyDate SeriesDate AcquisitionDate ContentDate PatientBirthDate DateOfLastCalibration \
DateOfLastDetectorCalibration InstanceCreationDate PerformedProcedureStepStartDate"
_TIMES = "StudyTime SeriesTime AcquisitionTime ContentTime TimeOfLastCalibration TimeOfLastDetectorCalibration \
InstanceCreationTime PerformedProcedureStepStartTime PerformedProcedureStepEndTime ContrastBolusStartTime \
ContrastBolusStopTime RadiopharmaceuticalStartTime"
_DATETIMES = "AcquisitionDateTime FrameAcquisitionDateTime FrameReferenceDateTime \
RadiopharmaceuticalStartDateTime"

_CODES = """
ViewCodeSequence ViewModifierCodeSequence AnatomicRegionSequence CTDIPhantomTypeCodeSequence ProcedureCodeSequence
RequestedProcedureCodeSequence PerformedProtocolCodeSequence ContrastBolusAgentSequence RadionuclideCodeSequence
"""

# Entries are: keyword, lowest, highest believable value.
_INTEGERS = """
Rows 1 65535, Columns 1 65535, NumberOfFrames 1 100000, SamplesPerPixel 1 4, PlanarConfiguration 0 1,
BitsAllocated 1 64, BitsStored 1 64, HighBit 0 63, PixelRepresentation 0 1,
SeriesNumber -2147483648 2147483647, AcquisitionNumber -2147483648 2147483647,
InstanceNumber -2147483648 2147483647, ImagesInAcquisition 0 1000000, NumberOfSeriesRelatedInstances 0 1000000,
TemporalPositionIdentifier 0 1000000, TemporalPositionIndex 0 1000000, NumberOfTemporalPositions 0 1000000,
EchoNumbers 0 10000, EchoTrainLength 0 100000 , NumberOfPhaseEncodingSteps 0 100000,
CardiacNumberOfImages 0 10000, FrameAcquisitionNumber 0 1000000, InStackPositionNumber 0 1000000
, NumberOfStudyRelatedInstances 0 1000000, PixelAspectRatio 1 65535,
PixelIntensityRelationshipSign -1 1,
SmallestImagePixelValue -2147483648 4294967295, LargestImagePixelValue -2147483648 4294967295,
PixelPaddingValue -2147483648 4294967295, PixelPaddingRangeLimit -2147483648 4294967295,
ImagesInSeries 0 1000000, AcquisitionMatrix 0 65535, ExposuresOnDetectorSinceLastCalibration 0 100000000,
CollimatorLeftVerticalEdge -65535 65535, CollimatorRightVerticalEdge -65535 65535,
CollimatorUpperHorizontalEdge -65535 65535, CollimatorLowerHorizontalEdge -65535 65535,
CenterOfCircularCollimator 0 65535,
RadiusOfCircularCollimator 0 65535, VerticesOfThePolygonalCollimator -65535 65535,
ShutterLeftVerticalEdge -65535 65535, ShutterRightVerticalEdge -65535 65535, ShutterUpperHorizontalEdge -65535 65535,
ShutterLowerHorizontalEdge -65535 65535,
NumberOfSlices 0 65535, NumberOfTimeSlices 0 65535, NumberOfTimeSlots 0 65535, NumberOfRRIntervals 0 65535,
NumberOfEnergyWindows 0 65535, NumberOfDetectors 0 65535, NumberOfRotations 0 65535, NumberOfPhases 0 65535,
NumberOfFramesInRotation 0 65535, NumberOfFramesInPhase 0 65535, ImageIndex 0 65535, UltrasoundColorDataPresent 0 1,
RegionSpatialFormat 0 1000, RegionDataType 0 1000, PhysicalUnitsXDirection 0 1000, PhysicalUnitsYDirection 0 1000,
RegionLocationMinX0 0 65535, RegionLocationMinY0 0 65535, RegionLocationMaxX1 0 65535, RegionLocationMaxY1 0 65535
"""

_NUMBERS = """
SliceThickness 0.01 200, SpacingBetweenSlices -200 200, PixelSpacing 0.01 20, ImagerPixelSpacing 0.001 20,
NominalScannedPixelSpacing 0.001 20, DetectorElementSpacing 0.001 20, DetectorElementPhysicalSize 0.001 20,
ReconstructionDiameter 1 3000, DataCollectionDiameter 1 3000, FieldOfViewDimensions 0.1 20000,
SliceLocation -100000 100000, ImagePositionPatient -100000 100000, ImageOrientationPatient -1.001 1.001,
GantryDetectorTilt -90 90, TableHeight -3000 3000, TablePosition -100000 100000, TableSpeed 0 10000,
TableFeedPerRotation 0 1000, SpiralPitchFactor 0 20, SingleCollimationWidth 0 1000, TotalCollimationWidth 0 1000,
RevolutionTime 0 1000, DataCollectionCenterPatient -100000 100000, ReconstructionTargetCenterPatient -100000 100000,
DistanceSourceToDetector 1 20000, DistanceSourceToPatient 1 20000, DistanceSourceToIsocenter 1 20000,
EstimatedRadiographicMagnificationFactor 0.1 100,
KVP 1 500, XRayTubeCurrent 0 20000, XRayTubeCurrentInmA 0 20000, XRayTubeCurrentInuA 0 20000000,
Exposure 0 100000, ExposureInuAs 0 100000000, ExposureInmAs 0 100000, ExposureTime 0 10000000,
ExposureTimeInms 0 10000000, ExposureTimeInuS 0 10000000000, FocalSpots 0 10,
CTDIvol 0 10000, WaterEquivalentDiameter 1 2000 , EstimatedDoseSaving -100 100,
ImageAndFluoroscopyAreaDoseProduct 0 10000000, EntranceDose 0 100000, EntranceDoseInmGy 0 100000, OrganDose 0 10000,
HalfValueLayer 0 100, XRayOutput 0 10000 , FilterThicknessMinimum 0 100,
FilterThicknessMaximum 0 100, GridFocalDistance 0 20000, GridPitch 0 100, GridAspectRatio 0 1000,
ExposureIndex 0 1000000, TargetExposureIndex 0 1000000, DeviationIndex -1000 1000, RelativeXRayExposure 0 10000000,
Sensitivity 0 10000000, DetectorTemperature -50 150, PositionerPrimaryAngle -360 360,
PositionerSecondaryAngle -360 360, CompressionForce 0 1000, CompressionPressure 0 1000, BodyPartThickness 0 1000,
RepetitionTime 0 1000000, EchoTime 0 100000, EffectiveEchoTime 0 100000, InversionTime 0 100000,
InversionTimes 0 100000, FlipAngle 0 720, MagneticFieldStrength 0.001 30, ImagingFrequency 0.001 10000,
NumberOfAverages 0 10000, PixelBandwidth 0 10000000, PercentSampling 0 10000, PercentPhaseFieldOfView 0 10000,
SAR 0 1000, dBdt 0 1000000, TriggerTime -1000000 10000000, NominalInterval 0 1000000, HeartRate 0 1000,
NominalPercentageOfCardiacPhase 0 100, NominalCardiacTriggerDelayTime -1000000 10000000,
DiffusionBValue 0 100000, DiffusionGradientOrientation -1.01 1.01, ParallelReductionFactorInPlane 0 100,
ContrastBolusVolume 0 10000, ContrastBolusTotalDose 0 10000, ContrastFlowRate 0 1000,
ContrastBolusIngredientConcentration 0 10000, PatientSize 0.1 3, PatientWeight 0.1 700,
WindowCenter -10000000 10000000, WindowWidth 0 100000000, RescaleSlope -1000000 1000000,
RescaleIntercept -10000000 10000000, LossyImageCompressionRatio 0 10000, TransducerFrequency 0 1000000,
DepthOfScanField 0 10000, FrameTime 0 10000000, CineRate 0 100000, RecommendedDisplayFrameRate 0 100000,
SliceLocationVector -100000 100000, ActualFrameDuration 0 100000000, DetectorBinning 0 100,
CompressionContactArea 0 1000000, PhototimerSetting -1000 1000000,
TemporalPositionTimeOffset -10000000 10000000, SpatialResolution 0 1000,
DetectorActiveDimensions 0.1 20000, FieldOfViewRotation -360 360, RadionuclideTotalDose 0 1000000000000,
RadionuclideHalfLife 0.1 1000000000000000, FrameReferenceTime -1000000000 1000000000, DecayFactor 0 1000000,
AveragePulseWidth 0 100000, PhysicalDeltaX -1000000 1000000, PhysicalDeltaY -1000000 1000000
"""

# Attributes of functional groups, and the classic attribute that says the same.
ALIASES = {
    "EffectiveEchoTime": "EchoTime",
    "InversionTimes": "InversionTime",
    "FrameAcquisitionNumber": "AcquisitionNumber",
    "TemporalPositionIndex": "TemporalPositionIdentifier",
    "NominalCardiacTriggerDelayTime": "TriggerTime",
    "XRayTubeCurrentInmA": "XRayTubeCurrent",
    "ExposureInmAs": "Exposure",
    "ExposureTimeInms": "ExposureTime",
    "FrameLaterality": "ImageLaterality",
}

# Their absence from the header says nothing, but 0 in it is an old habit for "not filled".
ZERO_MEANS_ABSENT = frozenset(
    {"SliceThickness", "KVP", "ReconstructionDiameter", "DataCollectionDiameter", "DistanceSourceToDetector",
     "DistanceSourceToPatient", "DistanceSourceToIsocenter", "PatientSize", "PatientWeight", "BodyPartThickness",
     "MagneticFieldStrength", "ImagingFrequency", "PixelAspectRatio", "WaterEquivalentDiameter", "WindowWidth",
     "EstimatedRadiographicMagnificationFactor", "FieldOfViewDimensions", "DetectorActiveDimensions",
     "LossyImageCompressionRatio"}
)  # fmt: skip


def _bounded(kind: Kind, table: str) -> Iterable[tuple[str, Spec]]:
    for entry in table.split(","):
        keyword, low, high = entry.split()
        yield keyword, Spec(kind, float(low), float(high))


ATTRIBUTES: dict[str, Spec] = {
    **dict(_all("text", _TEXT)),
    **dict(_all("uid", _UIDS)),
    **dict(_all("date", _DATES)),
    **dict(_all("time", _TIMES)),
    **dict(_all("datetime", _DATETIMES)),
    **dict(_all("code", _CODES)),
    **dict(_bounded("integer", _INTEGERS)),
    **dict(_bounded("number", _NUMBERS)),
}

# Attributes kept from inside of other sequences than functional groups: of every item (as many values as items, in
# their order), or of the first item alone.
EVERY_ITEM: dict[str, tuple[str, ...]] = {
    "SequenceOfUltrasoundRegions": (
        "RegionSpatialFormat", "RegionDataType", "RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1",
        "RegionLocationMaxY1", "PhysicalUnitsXDirection", "PhysicalUnitsYDirection", "PhysicalDeltaX",
        "PhysicalDeltaY",
    ),
    "RotationInformationSequence": ("NumberOfFramesInRotation",),
    "PhaseInformationSequence": ("NumberOfFramesInPhase",),
}  # fmt: skip
FIRST_ITEM: dict[str, tuple[str, ...]] = {
    "RadiopharmaceuticalInformationSequence": (
        "Radiopharmaceutical", "RadionuclideTotalDose", "RadionuclideHalfLife", "RadiopharmaceuticalStartTime",
        "RadiopharmaceuticalStartDateTime", "RadionuclideCodeSequence",
    ),
    "ViewCodeSequence": ("ViewModifierCodeSequence",),
    "MaskSubtractionSequence": ("MaskOperation",),
}  # fmt: skip
KEYWORDS: frozenset[str] = frozenset(ATTRIBUTES)
