"""Fixtures that open a DICOMweb hub over each kind of archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.dicomweb_hub import DicomwebHub, dicomweb_hub
from tests.helpers.orthanc import Orthanc, running_orthanc


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture
def file_hub(tmp_path: Path) -> Iterator[DicomwebHub]:
    with dicomweb_hub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
def orthanc_hub(tmp_path: Path, orthanc: Orthanc) -> Iterator[DicomwebHub]:
    orthanc.clear()
    with dicomweb_hub(tmp_path / "hub", orthanc.dicomweb_url) as hub:
        yield hub


@pytest.fixture(params=["files", pytest.param("orthanc", marks=pytest.mark.orthanc)])
def hub(request: pytest.FixtureRequest) -> DicomwebHub:
    found: DicomwebHub = request.getfixturevalue("file_hub" if request.param == "files" else "orthanc_hub")
    return found
