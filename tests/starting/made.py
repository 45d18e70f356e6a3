"""Small made data of every kind, and written starters run in this process."""

import contextlib
import io
import runpy
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from refkit.starting.starting import Begun, begin

ROWS = 60


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def start(data: Path, folder: Path, **options) -> tuple[Path, Begun]:
    """A starter, written."""
    file = folder / "my_model.py"
    begun = begin(str(data), file, **options)
    file.write_text(begun.text, encoding="utf-8")
    return file, begun


def run(file: Path, *words: str) -> str:
    """What the file prints when it is run."""
    kept, printed = sys.argv, io.StringIO()
    sys.argv = [str(file), *words]
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(str(file), run_name="__main__")
    finally:
        sys.argv = kept
    return printed.getvalue()


def csv_of_words(folder: Path) -> Path:
    """Numbers with gaps, words as categories, words as the target, a column that numbers the rows, a constant one."""
    draw, lines = rng(), ["id,length,width,colour,note,kind"]
    for row in range(ROWS):
        kind = ("cat", "dog", "owl")[row % 3]
        width = "NA" if row % 10 == 0 else f"{draw.normal() + row % 3:.3f}"
        colour = "" if row % 12 == 5 else ("red", "blue")[row % 2]
        lines.append(f"{row},{draw.normal() + 5 * (row % 3):.3f},{width},{colour},same,{kind}")
    return written(folder / "animals.csv", lines)


def csv_of_numbers(folder: Path) -> Path:
    """A number to tell, semicolons between, and two rows without it."""
    draw, lines = rng(), ["a;b;price"]
    for row in range(ROWS):
        a, b = draw.normal(size=2)
        lines.append(f"{a:.4f};{b:.4f};{'' if row in (3, 8) else f'{100 + 20 * a - 5 * b:.4f}'}")
    return written(folder / "prices.csv", lines)


def csv_of_texts(folder: Path) -> Path:
    draw, lines = rng(), ["review,verdict"]
    for row in range(ROWS):
        words = draw.choice(["film", "it", "was", "the", "plot", "a"], size=3 + row % 5)
        mood = ("dull", "lovely")[row % 2]
        lines.append(f'"{" ".join(words)} {mood} {row}",{("bad", "good")[row % 2]}')
    return written(folder / "reviews.csv", lines)


def written(file: Path, lines: list[str]) -> Path:
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def saved(file: Path, **arrays) -> Path:
    np.savez(file, **arrays)
    return file


def picture_folder(folder: Path, split: bool = False) -> Path:
    """Pictures of two classes and of different sizes."""
    draw, where = rng(), folder / "shapes"
    for part in ("train", "test") if split else (".",):
        for name, light in (("dark", 40), ("light", 200)):
            (where / part / name).mkdir(parents=True)
            for k in range(14):
                height, width = 20 + k % 3, 24
                pixels = np.clip(draw.normal(light, 20, (height, width, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(where / part / name / f"{k}.png")
    return where


def pictures(folder: Path) -> Path:
    labels = np.arange(ROWS) % 3
    images = rng().integers(0, 80, (ROWS, 16, 12, 3)) + 80 * labels[:, None, None, None]
    return saved(folder / "pictures.npz", images=images.astype(np.uint8), labels=labels)


def small_grey_floats(folder: Path) -> Path:
    """8×8, in 0 to 16, with a number to tell and a split of its own."""
    light = rng().random(ROWS)
    images = (16 * light[:, None, None] * np.ones((ROWS, 8, 8))).astype(np.float32)
    parts = {"x_train": images[:40], "y_train": light[:40], "x_test": images[40:], "y_test": light[40:]}
    return saved(folder / "grey.npz", **parts)


def sequences(folder: Path) -> Path:
    """Of different lengths, padded with anything, and classes that are words."""
    lengths, kinds = 2 + np.arange(ROWS) % 6, np.array(["down", "up"])[np.arange(ROWS) % 2]
    x = rng().normal(size=(ROWS, 7, 3)) + 4 * (np.arange(ROWS) % 2)[:, None, None]
    return saved(
        folder / "runs.npz",
        x=np.where(np.arange(7)[None, :, None] < lengths[:, None, None], x, 99),
        lengths=lengths,
        y=kinds,
    )


def steps_in_one(folder: Path) -> Path:
    """The steps of all sequences one after the other, and a number to tell."""
    lengths = 2 + np.arange(ROWS) % 6
    x = rng().normal(size=(lengths.sum(), 2))
    y = np.array([part.mean() for part in np.split(x[:, 0], np.cumsum(lengths)[:-1])])
    return saved(folder / "steps.npz", x=x, lengths=lengths, y=y)


def nan_at_the_end(folder: Path) -> Path:
    lengths = 2 + np.arange(ROWS) % 6
    x = rng().normal(size=(ROWS, 7, 2))
    x[np.arange(7) >= lengths[:, None]] = np.nan
    return saved(folder / "gaps.npz", x=x, y=rng().normal(size=(ROWS, 2)))


def word_ids(folder: Path) -> Path:
    lengths = 2 + np.arange(ROWS) % 6
    words = rng().integers(1, 9, (ROWS, 7)) * (np.arange(7) < lengths[:, None])
    return saved(folder / "words.npz", words=words, label=np.arange(ROWS) % 4)


def pictures_and_words(folder: Path) -> Path:
    draw = rng()
    images = draw.integers(0, 256, (ROWS, 14, 14)).astype(np.uint8)
    texts = np.array(["is it on the left", "is it on the right side"])[np.arange(ROWS) % 2]
    asked = np.array([f"{text} {row}" for row, text in enumerate(texts)])
    return saved(folder / "asked.npz", image=images, question=asked, answer=np.arange(ROWS) % 3)


def one_hot_rows(folder: Path) -> Path:
    return saved(folder / "rows.npz", x=rng().normal(size=(ROWS, 5)), y=np.eye(3)[np.arange(ROWS) % 3])


KINDS = {  # of data, the reference that fits, and options on the command line
    csv_of_words: ("mlp:features=4,outputs=3", {}),
    csv_of_numbers: ("mlp:features=2,outputs=1,loss=mse", {}),
    csv_of_texts: ("lstm:embedding=70x32,output-size=2,lengths=ids,loss=cross-entropy", {}),
    one_hot_rows: ("mlp:features=5,outputs=3", {}),
    picture_folder: ("lenet:image=21x24x3,classes=2", {}),
    pictures: ("lenet:image=16x12x3,padding=same,classes=3", {}),
    small_grey_floats: ("lenet:image=8x8x1,padding=same,classes=1,loss=mse", {}),
    sequences: ("lstm:features=3,output-size=2,lengths=true,loss=cross-entropy", {}),
    steps_in_one: ("lstm:features=2,output-size=1,lengths=true", {}),
    nan_at_the_end: ("lstm:features=2,output-size=2,lengths=true", {}),
    word_ids: ("lstm:embedding=9x32,output-size=4,lengths=ids,loss=cross-entropy", {}),
    pictures_and_words: ("multimodal:image=14x14x1,padding=same,vocabulary=69,classes=3", {"inputs": "image,question"}),
}
