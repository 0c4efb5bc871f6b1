"""Reading text with RapidOCR and the models in its own package (the optional extra `ocr`); nothing is downloaded."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from imagingqc.imaging.text import Bytes2D, TextBox, TextReader

PACKAGE, ENGINE = "rapidocr", "onnxruntime"
PARTS = {"Det": "*_det_*.onnx", "Cls": "*_cls_*.onnx", "Rec": "*_rec_*.onnx"}
THREADS = 2


@cache
def default_text_reader() -> TextReader | None:
    """The reader of text of this process; None when the extra `ocr` is not installed whole.

    Looks for the packages without loading them: a process that reads no text pays nothing.
    """
    spec = find_spec(PACKAGE)
    if spec is None or find_spec(ENGINE) is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "models"
    models = {part: found[0] for part, pattern in PARTS.items() if (found := sorted(folder.glob(pattern)))}
    return RapidTextReader(models) if len(models) == len(PARTS) else None


class RapidTextReader:
    """A `TextReader`; loads its models at the first picture.  One picture at a time, whichever thread asks."""

    def __init__(self, models: dict[str, Path]) -> None:
        self._models, self._lock = models, Lock()
        self._engine: Any = None

    def read(self, image8: Bytes2D) -> tuple[TextBox, ...]:
        """Finds and reads all pieces of text, from the top."""
        found = self._run(image8)
        if found.boxes is None or found.txts is None or found.scores is None:
            return ()
        return tuple(
            _boxed(str(text), float(score), np.asarray(corners, float))
            for text, score, corners in zip(found.txts, found.scores, found.boxes, strict=True)
        )

    def read_line(self, image8: Bytes2D) -> TextBox | None:
        """Reads a picture that shows one line of text."""
        found = self._run(image8, use_det=False, use_cls=False, use_rec=True)
        texts, scores = list(found.txts or ()), list(found.scores or ())
        if not texts or not str(texts[0]).strip():
            return None
        height, width = image8.shape[0], image8.shape[-1]
        return TextBox(str(texts[0]).strip(), float(scores[0]), 0.0, 0.0, float(width), float(height))

    def _run(self, image8: Bytes2D, **how: bool) -> Any:
        with self._lock:
            if self._engine is None:
                self._engine = _engine(self._models)
            # The settings of one call stay for the next one, so that each call names all of them.
            return self._engine(np.repeat(image8[..., np.newaxis], 3, axis=2), **(_WHOLE | how))


_WHOLE = {"use_det": True, "use_cls": True, "use_rec": True}


def _engine(models: dict[str, Path]) -> Any:
    """RapidOCR on the CPU with the models named by file, for it would fetch others that are missing."""
    params: dict[str, Any] = {f"{part}.model_path": str(path) for part, path in models.items()}
    params |= {"Global.log_level": "critical", "EngineConfig.onnxruntime.intra_op_num_threads": THREADS}
    return import_module(PACKAGE).RapidOCR(params=params)


def _boxed(text: str, score: float, corners: Any) -> TextBox:
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    return TextBox(text.strip(), score, float(left), float(top), float(right - left), float(bottom - top))
