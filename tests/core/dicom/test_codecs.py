"""Which decoders are there."""

from __future__ import annotations

from imagingqc.dicom import codecs


def test_it_misses_no_decoder_here():
    assert codecs.missing_decoders() == []


def test_it_names_the_syntaxes_that_nothing_decodes(monkeypatch):
    monkeypatch.setattr(codecs, "DECODERS", {**codecs.DECODERS, "1.2.840.10008.1.2.4.91": ("not-installed",)})
    assert codecs.missing_decoders() == ["JPEG 2000 Image Compression"]


def test_it_asks_for_one_decoder_of_several_and_for_none_of_native_data(monkeypatch):
    table = {"1.2.840.10008.1.2.5": ("not-installed", "pydicom"), "1.2.840.10008.1.2": ()}
    monkeypatch.setattr(codecs, "DECODERS", table)
    assert codecs.missing_decoders() == []
