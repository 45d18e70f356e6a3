"""A folder of pictures, a folder for each class."""

from pathlib import Path

import numpy as np
from PIL import Image

from refkit.errors import RefkitError
from refkit.starting.source import PATH, Columns, Source

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
LARGEST = 64  # of a side: as LeNet is meant
LOOKED_AT = 500  # pictures whose pixels are looked at
READ = (
    "folder, kinds = Path(__file__).parent / path, {SUFFIXES}",
    'parts = [sorted(file for file in where.glob("*/*") if file.suffix.lower() in kinds) for where in [FOLDERS]]',
    "files = [file for part in parts for file in part]",
    'images = [np.asarray(Image.open(file).convert("MODE").resize((WIDTH, HEIGHT))) for file in files]',
    "pixels = np.stack(images).reshape(-1, HEIGHT, WIDTH, CHANNELS)  # u8[pictures, HEIGHT, WIDTH, CHANNELS]",
    'columns = {"image": pixels, "label": np.array([file.parent.name for file in files])}',
)


def find(path: Path, shown: str, largest: int = LARGEST) -> Source:
    """Pictures `NAME/train/CLASS/*.png` and `NAME/test/CLASS/*.png`, or `NAME/CLASS/*.png`.

    Args:
        largest: side that a picture has at most once it is read.

    Raises:
        RefkitError: no pictures, or one that cannot be read.
    """
    test = next((word for word in ("test", "val", "valid", "validation") if (path / word).is_dir()), None)
    split = test is not None and (path / "train").is_dir()
    folders = {"train": path / "train", "test": path / test} if split else {"all": path}
    files = {part: list_pictures(folder) for part, folder in folders.items()}
    for part, several in files.items():
        if not several:
            where = shown if part == "all" else f"{shown}/{folders[part].name}"
            raise RefkitError(
                f"`{where}` holds no pictures in folders: put those of each class in a folder of its name"
            )
    every = [file for several in files.values() for file in several]
    seen = [head(file, shown, path) for file in every]
    height, width = one_size([size for size, _ in seen], largest)
    mode = "L" if sum(mode in ("1", "L", "I;16", "I") for _, mode in seen) > len(seen) / 2 else "RGB"
    parts = {part: columns(several, (width, height), mode) for part, several in files.items()}
    read = tuple(
        line.replace("FOLDERS", f'folder / "train", folder / "{test}"' if split else "folder")
        .replace("HEIGHT", str(height))
        .replace("WIDTH", str(width))
        .replace("CHANNELS", "1" if mode == "L" else "3")
        .replace("MODE", mode)
        .replace("SUFFIXES", ", ".join(f'"{suffix}"' for suffix in SUFFIXES))
        for line in READ
    )
    sizes = sorted({size for size, _ in seen})
    differ = f"{said(sizes[0])} to {said(sizes[-1])}" if len(sizes) > 1 else said(sizes[0])
    sides = f"{differ} as they lie there, read at {height}×{width}" if sizes != [(width, height)] else ""
    count = {part: len(several) for part, several in files.items()}
    needs = (PATH, "from PIL import Image")
    first = "len(parts[0])" if split else ""
    return Source(shown, f"{len(every)} pictures", parts, count, read, first, needs, "label", sides=sides)


def list_pictures(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*/*") if file.suffix.lower() in SUFFIXES)


def head(file: Path, shown: str, path: Path) -> tuple[tuple[int, int], str]:
    """Width and height, and mode, without the pixels."""
    try:
        with Image.open(file) as image:
            return image.size, image.mode
    except OSError as error:
        where = f"{shown}/{file.relative_to(path)}"
        raise RefkitError(f"`{where}` cannot be read as a picture: save it anew, or take it away") from error


def one_size(sizes: list[tuple[int, int]], largest: int) -> tuple[int, int]:
    """Height and width that all are read at: the medians, made smaller together where a side is longer than `largest`."""
    width, height = np.median(sizes, axis=0)
    scale = min(1.0, largest / max(width, height))
    return max(8, round(height * scale)), max(8, round(width * scale))


def columns(files: list[Path], size: tuple[int, int], mode: str) -> Columns:
    """All labels, and the pixels of some pictures."""
    some = [files[k] for k in np.linspace(0, len(files) - 1, min(len(files), LOOKED_AT)).astype(int)]
    pixels = np.stack([np.asarray(Image.open(file).convert(mode).resize(size)) for file in some])
    pixels = pixels.reshape(len(some), size[1], size[0], -1)
    return {"image": pixels, "label": np.array([file.parent.name for file in files])}


def said(size: tuple[int, int]) -> str:
    return f"{size[1]}×{size[0]}"
