"""What the CatPhan models look like inside.

Angles in degrees from the image's x axis towards its y axis (down), phantom upright and seen from the side of the
line pairs; lengths in mm; nominal CT numbers are the middle of the ranges given by the maker for 120 kV.
Source: The Phantom Laboratory, CatPhan 504 manual and CatPhan 604 manual (sensitometry, scan geometry, line pair and
low-contrast modules); the angles of the line pairs were read off a picture of the 504.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HOUSING_MM = 200.0  # outer diameter
HOUSING_TOLERANCE_MM = 6.0
DISC_MM = 150.0  # diameter of the modules
INSERT_RADIUS_MM = 58.7  # of the circle of the material inserts
INSERT_MM = 12.2  # diameter of an insert
SQUARE_MM = 50.0  # between the four geometry holes
WIRE_RADIUS_MM = 38.0  # of the ramp wires, in the middle of the module
WIRE_TANGENT = 0.42447  # tan 23°: thickness is the length of the wire in the picture times this
GAUGE_RADIUS_MM = 47.0  # of the line pairs
DETAIL_RADIUS_MM = 50.0  # of the low-contrast details outside of the inner circle
CONTRAST_PERCENT = 1.0  # of the details measured

# Line pairs per cm -> (angle of the middle of the group, bars)
GAUGE: Mapping[int, tuple[float, int]] = {
    1: (153.0, 2), 2: (128.8, 3), 3: (104.8, 4), 4: (85.9, 4), 5: (67.8, 4), 6: (48.8, 5), 7: (31.8, 5), 8: (14.8, 5),
    9: (359.8, 5), 10: (344.8, 5), 11: (329.9, 5), 12: (315.9, 5), 13: (301.8, 5), 14: (288.9, 5), 15: (274.9, 5),
    16: (261.9, 5), 17: (248.8, 5), 18: (235.9, 5), 19: (223.8, 5), 20: (210.8, 5), 21: (198.9, 5),
}  # fmt: skip

# Diameter of a 1 % detail in mm -> its angle.  Smaller ones exist; where they lie is not known here, so that they
# are left to the eye.
DETAILS: Mapping[float, float] = {15.0: 272.6, 9.0: 290.9, 8.0: 307.3, 7.0: 321.5, 6.0: 334.9, 5.0: 347.1}

AIR, PMP, LDPE, POLYSTYRENE = -1000.0, -200.0, -100.0, -35.0
ACRYLIC, DELRIN, TEFLON, BONE_20, BONE_50 = 120.0, 340.0, 990.0, 237.0, 725.0


@dataclass(frozen=True, slots=True)
class Model:
    """One model: `inserts` angle -> (material, nominal HU), and where its other modules lie.

    Distances in mm from the middle of the module of the inserts: `gauge_mm` to the line pairs on the one side,
    `detail_mm` and `uniform_mm` to the low-contrast and the uniform module on the other.
    """

    key: str
    name: str
    inserts: Mapping[float, tuple[str, float]]
    gauge_mm: float
    detail_mm: float
    uniform_mm: float


_BOTH = {
    0.0: ("delrin", DELRIN), 60.0: ("acrylic", ACRYLIC), 120.0: ("polystyrene", POLYSTYRENE), 180.0: ("ldpe", LDPE),
    240.0: ("pmp", PMP), 270.0: ("air", AIR), 300.0: ("teflon", TEFLON),
}  # fmt: skip
CATPHAN_504 = Model("catphan-504", "CatPhan 504", _BOTH | {90.0: ("air", AIR)}, 30.0, 30.0, 65.0)
CATPHAN_604 = Model(
    "catphan-604", "CatPhan 604", _BOTH | {30.0: ("bone_20", BONE_20), 210.0: ("bone_50", BONE_50)}, 40.0, 40.0, 80.0
)
MODELS = (CATPHAN_504, CATPHAN_604)
MATERIALS = ("air", "pmp", "ldpe", "polystyrene", "acrylic", "delrin", "teflon", "bone_20", "bone_50")
# Where the two models differ: bone in the 604, the background of the module in the 504
BONE_ANGLES = (30.0, 210.0)
