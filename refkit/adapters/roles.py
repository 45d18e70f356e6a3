"""What a parameter of the user's code is for, read off its name."""

import re

KEY = re.compile(r"(.*_)?(key|keys|rng|rngs|prng|prngkey|rngkey|seed|random_state)|k")
TRAINING = re.compile(r"(is_)?(train|training|train_mode|training_mode)")
EVALUATING = re.compile(
    r"(is_)?(deterministic|inference|eval|evaluate|evaluating|evaluation|eval_mode|test|testing"
    r"|use_running_average|use_running_avg|use_running_stats)"
)
MODE = re.compile(r"mode")
CARRY = re.compile(r"(init(ial)?_?)?(carry|carries|state|states|hidden|h0|hx|hidden_state|lstm_state|rnn_state)(_?0)?")
MASK = re.compile(r"(.*_)?masks?")
LENGTHS = re.compile(r"(.*_)?(lengths?|lens?|seqlens?|seq_lengths?|num_steps|n_valid)")
CONFIG = re.compile(
    r"(model_)?(config|configs|cfg|conf|hparams|hps|hp|hyperparameters|options|opts|settings|args|spec|c)"
)
BATCH = re.compile(r"(batch|data|inputs|example|examples|xs|x|features)")

NAMES = {
    "image": re.compile(r"(.*_)?(images?|imgs?|pixels?|pictures?|photos?|visuals?|vision|frames?)(_.*)?|x_?i(mg)?"),
    "tokens": re.compile(
        r"(.*_)?(words?|tokens?|ids|text|texts|questions?|captions?|sentences?|sequences?|seq|seqs|prompt"
        r"|indices|query|queries|language|utterances?)(_.*)?|qs?|x_?(q|t|w|txt)|toks?"
    ),
    "sequence": re.compile(r"(.*_)?(sequences?|seq|seqs|series|signal|x|xs|inputs?)(_.*)?"),
    "features": re.compile(r"(.*_)?(features?|x|xs|inputs?)(_.*)?"),
    "lengths": LENGTHS,
}


def is_key(name: str) -> bool:
    return KEY.fullmatch(name.lower()) is not None


def mode(name: str, training: bool):
    """The value that a mode parameter takes, or None where the name is none."""
    name = name.lower()
    if TRAINING.fullmatch(name):
        return training
    if EVALUATING.fullmatch(name):
        return not training
    return None


def suits(name: str, kind: str) -> bool:
    return NAMES[kind].fullmatch(name.lower()) is not None
