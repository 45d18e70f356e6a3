"""No network, a folder for TFDS, and the manual sets: small ones made here, the real ones from beside the checkout."""

import io
import json
import os
import socket
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from refkit.datasets.arrays import _load_arrays
from refkit.datasets.sort_of_clevr import SortOfClevr
from refkit.datasets.uci_regression import UciRegression

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """A connection is an error."""

    def refuse(*arguments, **named):
        raise AssertionError(f"the network was asked for: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    """Sort-of-CLEVR in a fraction of a second."""
    monkeypatch.setattr(SortOfClevr, "PICTURES", {"train": 20, "test": 10})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """TFDS's folder, filled by the tests of a file; small files lie in the manual folder."""
    folder = tmp_path_factory.mktemp("tfds")
    for table in UciRegression.BUILDER_CONFIGS[:1]:
        write_table(folder / "downloads" / "manual" / "uci_regression" / table.folder / "data", table)
    write_easy_vqa(folder / "downloads" / "manual" / "easy_vqa" / "easy_vqa_data.tar.gz")
    return folder


@pytest.fixture(scope="module")
def real_folder(tmp_path_factory):
    """TFDS's folder with the stock sets prepared and the real files in the manual folder."""
    if not SHARED.is_dir():
        pytest.skip("the real data sets do not lie beside the checkout, in ../shared/data")
    folder = tmp_path_factory.mktemp("tfds")
    for prepared in (SHARED / "tfds").iterdir():
        os.symlink(prepared, folder / prepared.name)
    manual = folder / "downloads" / "manual"
    manual.mkdir(parents=True)
    for name in ("uci_regression", "easy_vqa"):
        os.symlink(SHARED / name, manual / name)
    yield folder
    _load_arrays.cache_clear()


def write_table(data: Path, table, rows: int = 30) -> None:
    """A made-up UCI set whose target is the second last column."""
    data.mkdir(parents=True)
    rng = np.random.default_rng(0)
    np.savetxt(data / "data.txt", rng.normal(size=(rows, table.features + 2)))
    np.savetxt(data / "index_features.txt", np.arange(table.features), fmt="%d")
    np.savetxt(data / "index_target.txt", [table.features], fmt="%d")
    for number in range(table.splits):
        test, train = np.split(rng.permutation(rows), [rows // 10])
        np.savetxt(data / f"index_train_{number}.txt", train, fmt="%d")
        np.savetxt(data / f"index_test_{number}.txt", test, fmt="%d")


def write_easy_vqa(archive: Path) -> None:
    """A made-up easy-VQA: two pictures to train, two to test."""
    archive.parent.mkdir(parents=True)
    asked = [["what color is the shape?", "red", 0], ["is there not a blue shape in the image?", "yes", 0]]
    asked += [
        ["is there a circle?", "no", 1],
        ["what is the red shape?", "circle", 1],
        ["is no circle present?", "yes", 1],
    ]
    with tarfile.open(archive, "w:gz") as tar:
        for shade, part in ((0, "train"), (100, "test")):
            add(tar, f"easy_vqa/data/{part}/questions.json", json.dumps(asked).encode())
            for picture in range(2):
                png = io.BytesIO()
                Image.new("RGB", (64, 64), (shade + picture, 2, 3)).save(png, "PNG")
                add(tar, f"easy_vqa/data/{part}/images/{picture}.png", png.getvalue())


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
