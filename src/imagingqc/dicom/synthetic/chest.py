"""Synthetic chest radiographs: where the lungs lie, from which side they are seen, and what the detector adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy

from imagingqc.dicom.synthetic.base import Floats, Patient, Study, rng
from imagingqc.dicom.synthetic.dx import dx_image


@dataclass(frozen=True, slots=True)
class Chest:
    """A chest as it is drawn: stored values 0 to 4095, lungs dark, bone bright, noise of SD 12.

    `lungs` are the margins between the lungs and the picture's edge, as fractions of the picture (top, bottom, left,
    right); a negative one lies outside.  `field` are those of the collimated field.  `turned` in quarter turns
    clockwise.
    """

    view: Literal["frontal", "lateral"] = "frontal"
    lungs: tuple[float, float, float, float] = (0.10, 0.16, 0.09, 0.09)
    field: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    mirrored: bool = False
    turned: int = 0
    seed: int = 0


def chest_picture(chest: Chest, rows: int = 512, columns: int = 512) -> Floats:
    """The picture, shape (rows, columns) before it is turned."""
    top, bottom, left, right = chest.lungs
    y = np.linspace(0.5 / rows, 1 - 0.5 / rows, rows)[:, np.newaxis]
    x = np.linspace(0.5 / columns, 1 - 0.5 / columns, columns)[np.newaxis, :]
    u = 2 * (x - left) / (1 - left - right) - 1  # -1 and 1 at the outer borders of the lungs
    v = (y - top) / (1 - top - bottom)  # 0 at the apices, 1 at the costophrenic angles
    picture = _frontal(u, v) if chest.view == "frontal" else _lateral(u, v)
    random = rng("chest", chest.seed)
    coarse = scipy.ndimage.gaussian_filter(random.normal(0, 1, (rows // 4, columns // 4)), rows / 160)
    # wide: not needed finer
    texture = scipy.ndimage.zoom(coarse, (rows / (rows // 4), columns / (columns // 4)), order=1)
    picture = scipy.ndimage.gaussian_filter(picture, rows / 256) + 40 * texture / max(float(texture.std()), 1e-9)
    picture = np.clip(np.rint(picture + random.normal(0, 12, picture.shape)), 1, 4000)
    if chest.mirrored:
        picture = picture[:, ::-1]
    up, down, near, far = chest.field
    inside = np.zeros((rows, columns), bool)
    inside[round(up * rows) : round((1 - down) * rows), round(near * columns) : round((1 - far) * columns)] = True
    picture = np.where(inside, picture, 0)
    return np.asarray(np.rot90(picture, -chest.turned), np.float64)


def _frontal(u: Floats, v: Floats) -> Floats:
    """Body with neck and shoulders, two lungs with domes of the diaphragm, spine, and the heart to the right."""
    a = np.abs(u)
    lateral = 0.55 + 0.45 * np.sin(np.clip(v / 0.6, 0, 1) * np.pi / 2)
    heart = 0.32 * np.exp(-(((v - 0.75) / 0.18) ** 2)) * (u > 0) + 0.08 * np.exp(-(((v - 0.7) / 0.2) ** 2)) * (u < 0)
    apex = 0.3 * np.clip((a - 0.42) / 0.55, -0.4, 1) ** 2
    base = 1 - 0.15 * np.cos(np.clip(a - 0.5, -0.5, 0.5) * np.pi)
    lung = (a < lateral) & (a > 0.2 + heart + 0 * v) & (v > apex) & (v < base)
    neck = 0.38 + np.clip((v + 0.05) / 0.1, 0, 1) * 1.5
    body = a < np.minimum(neck, 1.16 + 0.35 * np.clip(0.35 - v, 0, 0.4))
    spine = np.exp(-((u / 0.1) ** 2))
    ribs = 0.5 + 0.5 * np.sin(2 * np.pi * (9 * v + 2.2 * (1 - (a - 0.6) ** 2)))
    soft = 2300 + 500 * np.clip(v - 0.8, 0, 0.4) + 500 * spine
    return np.asarray(np.where(lung, 950 + 190 * ribs + 350 * spine, np.where(body, soft, 300)), np.float64)


def _lateral(u: Floats, v: Floats) -> Floats:
    """Sternum to the left, spine to the right, one dark region between them above a sloping diaphragm."""
    front = -1 + 0.25 * np.clip(0.5 - v, 0, 1) * 2
    back = 0.98 - 0.25 * np.clip(0.35 - v, 0, 1)
    floor = 0.78 + 0.22 * np.clip(u, -0.2, 1)
    lung = (u > front) & (u < back) & (v > 0.04 + 0.25 * np.clip(-u, 0, 1)) & (v < floor)
    heart = np.hypot((u + 0.38) / 0.42, (v - 0.66) / 0.24) < 1
    body = (u > front - 0.12) & (u < back + 0.3)
    spine = np.exp(-(((u - 0.72 + 0.15 * (v - 0.5) ** 2) / 0.12) ** 2))
    shadow = np.where(heart, 1900, 1050 + 300 * np.exp(-(((v - 0.12) / 0.12) ** 2)))
    soft = 2500 + 0 * u * v
    return np.asarray(np.where(lung, shadow, np.where(body, soft, 300)) + 450 * spine * body, np.float64)


@dataclass(frozen=True, slots=True)
class Planted:
    """Defects in image pixels: spots (x, y, side, stored values added) and lines (upright?, place, from, to, added)."""

    spots: tuple[tuple[int, int, int, float], ...] = ()
    lines: tuple[tuple[bool, int, int, int, float], ...] = ()

    def into(self, picture: Floats) -> Floats:
        """The picture with the defects added; values stay within 0 to 4095."""
        out = picture.copy()
        for x, y, side, added in self.spots:
            out[y : y + side, x : x + side] += added
        for upright, place, start, end, added in self.lines:
            if upright:
                out[start:end, place] += added
            else:
                out[place, start:end] += added
        return np.asarray(np.clip(np.rint(out), 0, 4095))


def patient_chest(number: int, seed: int = 0) -> Chest:
    """The chest of one of many patients: sizes, places and fields differ as they do from patient to patient."""
    random = rng("patient-chest", seed, number)
    margins = random.normal((0.10, 0.16, 0.09, 0.09), (0.03, 0.04, 0.025, 0.025))
    field = random.uniform(0.0, 0.06, 4)
    return Chest(
        lungs=(float(margins[0]), float(margins[1]), float(margins[2]), float(margins[3])),
        field=(float(field[0]), float(field[1]), float(field[2]), float(field[3])),
        seed=1000 * seed + number,
    )


def detector_exams(
    folder: Path,
    n: int,
    defects: Planted | None = None,
    *,
    rows: int = 256,
    detector: str = "DEMO-DET-1",
    seed: int = 0,
) -> list[Path]:
    """Write one chest radiograph of each of `n` patients, all from one detector with these defects."""
    planted, out = defects or Planted(), []
    for number in range(n):
        picture = planted.into(chest_picture(patient_chest(number, seed), rows, rows))
        out.append(
            dx_image(
                folder,
                rows=rows,
                columns=rows,
                stored=picture,
                number=number + 1,
                facts={"DetectorID": detector},
                patient=Patient(name=f"DEMO^DET{number}", id=f"DEMO-DET-{number}"),
                study=Study(key=f"detector-{seed}-{number}", device="SN-DR-1"),
                seed=seed,
            )
        )
    return out


def chest_image(
    folder: Path, chest: Chest, *, rows: int = 512, stored: Sequence[Any] | Floats | None = None, **of: Any
) -> Path:
    """Write one chest radiograph; `of` are further arguments of `dx_image`, `stored` a picture to use instead."""
    picture = chest_picture(chest, rows, rows) if stored is None else np.asarray(stored, np.float64)
    view = of.pop("view", "PA" if chest.view == "frontal" else "LL")
    return dx_image(folder, rows=picture.shape[0], columns=picture.shape[1], stored=picture, view=view, **of)
