"""Several questions on each picture, the picture kept once."""

import numpy as np


def list_questions(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One row a question from one row a picture; a question without a word is none.

    The questions on picture 7 have 7 in the column `picture`: `columns["image"][columns["picture"][rows]]` are the
    pictures to a batch of questions.

    Args:
        columns: `image` `u8[pictures, height, width, channels]`, `words` `i32[pictures, most, time]`, where 0 is no
            word, and others `[pictures, most]`.

    Returns:
        `image` as it was, `picture` `i32[questions]`, `words` `i32[questions, time]`, and the others `[questions]`.
    """
    pictures, places = np.nonzero(columns["words"].any(axis=-1))
    listed = {name: column[pictures, places] for name, column in columns.items() if name != "image"}
    return {"image": columns["image"], "picture": pictures.astype(np.int32), **listed}
