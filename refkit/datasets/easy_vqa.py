"""easy-VQA: small pictures of one shape, and questions on its colour and form."""

import io
import json
import re
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from refkit.datasets.manual import ManualBuilder
from refkit.datasets.picture_questions import list_questions
from refkit.errors import RefkitError

ARCHIVE, UNPACKED = "easy_vqa_data.tar.gz", "easy_vqa/data"
ANSWERS = (
    "circle green red gray yes teal black rectangle yellow triangle brown blue no".split()
)  # in the order of the source's answers.txt
LONGEST = 9  # words in a question
MOST = 24  # questions on a picture: there are 21 at most


class EasyVqa(ManualBuilder):
    """5,000 pictures of 64×64 and 48,248 questions, in training and test pictures as published.

    A question's words are ids from 1, the place in the sorted words of the training questions and 1. All have nine
    steps: where a question is shorter, zeros stand before it, so that its last word is the last step.
    """

    SOURCE = "github vzhou842/easy-VQA"
    inputs, target = ("image", "words"), "label"

    def columns(self):
        return {
            "image": tfds.features.Tensor(shape=(64, 64, 3), dtype=np.uint8),
            "words": tfds.features.Tensor(shape=(MOST, LONGEST), dtype=np.int32),
            "label": tfds.features.Tensor(shape=(MOST,), dtype=np.int32),
        }

    arrange = staticmethod(list_questions)

    def wanted(self) -> Iterable[Path]:
        unpacked = self.manual / UNPACKED
        if unpacked.is_dir():
            return [unpacked / part / "questions.json" for part in ("train", "test")]
        return [self.manual / ARCHIVE]

    def what_to_put(self):
        return f"put `{ARCHIVE}`, or its folder `{UNPACKED}`, into `{self.manual}`, from {self.SOURCE}"

    def splits(self):
        files = self.read_files()
        try:
            asked = {part: json.loads(files[f"{part}/questions.json"]) for part in ("train", "test")}
            vocabulary = find_vocabulary(question for question, _, _ in asked["train"])
            return {part: read_split(part, asked[part], files, vocabulary) for part in asked}
        except (KeyError, ValueError, IndexError) as error:
            raise RefkitError(
                f"`{self.manual}` holds another easy-VQA than expected ({error}): {self.what_to_put()}"
            ) from None

    def read_files(self) -> dict[str, bytes]:
        """Every file of the data by its path below `data`, of the folder if it is there, else of the archive."""
        unpacked = self.manual / UNPACKED
        if unpacked.is_dir():
            paths = [path for path in unpacked.rglob("*") if path.is_file()]
            return {path.relative_to(unpacked).as_posix(): path.read_bytes() for path in paths}
        try:
            with tarfile.open(self.manual / ARCHIVE) as archive:
                members = [member for member in archive if member.isfile() and f"{UNPACKED}/" in member.name]
                return {
                    member.name.partition(f"{UNPACKED}/")[2]: archive.extractfile(member).read() for member in members
                }
        except (tarfile.TarError, OSError, EOFError) as error:
            raise RefkitError(f"`{self.manual / ARCHIVE}` cannot be read ({error}): fetch it again") from None


def split_words(question: str) -> list[str]:
    """A question's words, without its question mark."""
    return re.findall(r"\w+", question.lower())


def find_vocabulary(questions: Iterable[str]) -> dict[str, int]:
    """The id of every word that occurs: its place among them, sorted, and 1."""
    words = {word for question in questions for word in split_words(question)}
    return {word: 1 + place for place, word in enumerate(sorted(words))}


def read_split(
    part: str, asked: list[tuple[str, str, int]], files: dict[str, bytes], vocabulary: dict[str, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pictures of `train` or `test`, and their questions in the order of the file."""
    pictures = 1 + max(picture for *_, picture in asked)
    images = np.stack([read_picture(files[f"{part}/images/{picture}.png"]) for picture in range(pictures)])
    words, labels = np.zeros((pictures, MOST, LONGEST), np.int32), np.zeros((pictures, MOST), np.int32)
    count = np.zeros(pictures, int)
    for question, answer, picture in asked:
        ids = [vocabulary[word] for word in split_words(question)]
        words[picture, count[picture], LONGEST - len(ids) :] = ids
        labels[picture, count[picture]] = ANSWERS.index(answer)
        count[picture] += 1
    return images, words, labels


def read_picture(png: bytes) -> np.ndarray:
    """`u8[64, 64, 3]`, red, green and blue."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
