"""The rung `result`: figures beside known ones; a bug that nothing else explains, never a choice, is a finding."""

import dataclasses
import functools
from pathlib import Path

import pytest

import refkit
from refkit.checks import result as rung
from refkit.diagnosis.results import training
from refkit.errors import RefkitError
from refkit.experiments import reproducing
from refkit.experiments.protocols import find_protocol
from refkit.loading.time_limit import OutOfTime
from refkit.results import store
from refkit.results.record import Run
from tests.checks.known_results import PROTOCOL, install
from tests.checks.test_overfit import LOGITS, PLAIN, STEPPED

ROOT = Path(__file__).resolve().parents[2]
LIKE = (0.75, 0.75, 0.68, 0.67, 0.69)  # as this model reaches on the clouds
HIGH = (0.96, 0.97, 0.95, 0.96, 0.96)
SAME_STEP = "optax.adam(1e-2)"


@pytest.fixture
def known(monkeypatch, tmp_path):
    return functools.partial(install, monkeypatch, tmp_path / "results")


@pytest.fixture
def compare(tmp_path):
    def call(optimizer=SAME_STEP, stepped=STEPPED, text=PLAIN, only="result", reference="mlp", **options):
        file = tmp_path / "mine.py"
        made = text.replace("OPTIMIZER", optimizer).replace("LOSS", LOGITS).replace("STEPPED", stepped)
        file.write_text(made, encoding="utf-8")
        return refkit.compare(str(file), reference, only=only, **options)

    return call


def last(report, status):
    assert report.rungs[-1].name == "result"
    assert report.rungs[-1].status == status, (report.rungs[-1], report.findings)
    return report.rungs[-1].reason


def unexplained(report):
    last(report, "fail")
    (finding,) = report.findings
    assert (finding.rung, finding.kind, finding.line, finding.id) == ("result", "unexplained", None, None)
    assert report.exit_status == 1
    return finding.message


@pytest.fixture
def untrained(monkeypatch):
    monkeypatch.setattr(rung, "of_training", lambda *_: pytest.fail("it trains"))


def test_one_figure_inside_the_interval_passes(known, compare, untrained):
    known(HIGH)
    said = last(compare(results=(0.955,)), "pass")
    assert "0.955 lies in the 95 % prediction interval 0.9385 to 0.9815" in said
    assert "known: 0.96 ± 0.0071 (5 seeds of `mlp` on `clouds`; the same model on a benchmark)" in said
    assert "a better one would be 0.99, the same one, Nobody 1998 (a paper without code; their paper; read in" in said


def test_one_figure_that_is_worse_is_unexplained(known, compare, untrained):
    known(HIGH)
    said = unexplained(compare(results=(0.8,)))
    assert "accuracy 0.8 is worse than the 95 % prediction interval" in said
    assert "a simpler baseline does better, logistic-regression (0.9)" in said


def test_a_figure_that_is_better_passes_with_a_word(known, compare, untrained):
    known(HIGH)
    assert "0.999 is better than the 95 % prediction interval" in last(compare(results=(0.999,)), "pass")


def test_no_better_than_the_majority_is_a_finding(known, compare, untrained):
    known(HIGH)
    assert "no better than majority (0.5): it has learned nothing" in unexplained(compare(results=(0.5,)))


def test_where_the_known_result_is_chance_so_may_yours_be(known, compare, untrained):
    known((0.49, 0.51, 0.5))
    last(compare(results=(0.5,)), "pass")


def test_several_figures_are_tested_for_equivalence_with_the_margin_said(known, compare, untrained):
    known(HIGH)
    said = last(compare(results=(0.96, 0.961, 0.959, 0.96)), "pass")
    assert "the known one up to 0.0071, by an equivalence test" in said


def test_figures_that_tell_nothing_are_said_to_tell_nothing(known, compare, untrained):
    known(HIGH)
    said = last(compare(results=(0.93, 0.97)), "pass")
    assert "2 runs cannot tell whether it differs by 0.0071; the difference is -0.01 (90 % interval" in said


def test_several_figures_that_are_worse(known, compare, untrained):
    known(HIGH)
    assert "0.905 (mean of 2 runs) is worse than" in unexplained(compare(results=(0.9, 0.91)))


def test_percent_is_no_share(known, compare, untrained):
    known(HIGH)
    assert "`--result 98.7` is no share" in last(compare(results=(98.7,)), "not-run")


def test_figures_are_judged_whatever_earlier_rungs_found(known, compare):
    known(HIGH)
    report = compare(stepped="params", only=None, until="result", results=(0.96,))
    assert "parameters-not-updated" in [finding.id for finding in report.findings]
    assert "lies in" in last(report, "pass")


def test_a_program_is_trained_with_its_own_step(known, compare, capsys):
    known(LIKE)
    said = last(compare(), "pass")
    assert said.startswith("`train_step`, 4 epochs of `clouds`: accuracy 0.")
    assert "the learning curve is inside the known ones' (5 to 95 %)" in said
    assert "leaks" not in "".join(capsys.readouterr())


def test_several_runs_are_other_runs(known, compare):
    known(LIKE)
    said = last(compare(seeds=3), "pass")
    assert "(mean of 3 runs)" in said and "90 % interval" in said


def test_without_a_step_the_reference_trains_around_the_model(known, compare):
    known(LIKE)
    said = last(compare(text=PLAIN.split("tx =")[0]), "pass")
    assert said.startswith("the reference's step around your model, 4 epochs of `clouds` (no train step found")


@pytest.mark.parametrize("text", [PLAIN, PLAIN.split("tx =")[0]], ids=["own step", "the reference's step"])
def test_what_nothing_explains_is_a_finding(known, compare, text):
    known(HIGH, curve=(0.94, 0.97))
    said = unexplained(compare(text=text))
    assert "the learning curve is below the known ones' (5 to 95 %) from 2 epochs on" in said


def test_one_run_that_is_low_is_run_again_before_it_is_a_finding(known, compare, monkeypatch):
    known(HIGH)
    trained = []

    def run(protocol, seed, *_):
        trained.append(seed)
        return Run(0.8 if seed == 0 else 0.96, (0.9, 0.9))

    monkeypatch.setattr(training, "fit", run)
    said = last(compare(), "pass")
    assert trained == [0, 1, 2]
    assert "accuracy 0.8 is worse than" in said and "run again, accuracy 0.96 (mean of 2 runs)" in said
    trained.clear()
    unexplained(compare(seeds=1))
    assert trained == [0]


CHOICES = {
    "another optimizer": ({"optimizer": "optax.sgd(0.02)"}, "the known budget is for Adam at 0.01, and `train_step`"),
    "another rate": ({"optimizer": "optax.adam(2e-3)"}, "the known budget is for Adam at 0.01, and `train_step`"),
    "a schedule": (
        {"optimizer": "optax.adam(optax.cosine_decay_schedule(1e-2, 1000))"},
        "the known budget is for Adam at 0.01",
    ),
    "another size": ({"text": PLAIN.replace("64", "32")}, "your choices may be why: hidden=32"),
    "another activation": ({"text": PLAIN.replace("nn.relu", "nn.tanh")}, "activation=tanh"),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_no_alarm(known, compare, name):
    known(HIGH)
    options, words = CHOICES[name]
    report = compare(**options)
    assert words in last(report, "choice")
    assert (report.findings, report.exit_status) == ((), 0)


def test_a_step_that_learns_nothing_is_a_finding(known, compare):
    known(HIGH, baselines={"majority": 0.75})
    assert "it has learned nothing" in unexplained(compare(stepped="params"))


def test_a_loss_that_still_falls_under_ones_own_rate_is_no_finding(known, compare):
    known(HIGH, baselines={"majority": 0.9})
    assert "is no better than majority" in last(compare(optimizer="optax.adam(2e-3)"), "choice")


def test_there_is_no_known_result_yet(known, compare, tmp_path):
    known(LIKE)
    store.file_of("mlp", tmp_path / "results").unlink()
    said = last(compare(), "not-run")
    assert said == (
        "there is no known result of `mlp` on `clouds` yet: `python scripts/reproduce.py mlp --data clouds` makes it"
    )


def test_a_model_for_other_data(known, compare):
    known(LIKE)
    said = last(compare(text=PLAIN.replace("(30, 64)", "(10, 64)")), "not-run")
    assert said == "your model takes f32[10] for an example, and `clouds` has f32[30]"
    said = last(compare(text=PLAIN.replace("(64, 2)", "(64, 3)").replace("zeros(2)", "zeros(3)")), "not-run")
    assert said == "your model gives f32[3] for an example, and `clouds` wants f32[2]"


def test_data_that_is_not_there(known, compare):
    def absent(seed):
        raise RefkitError("put the files there")

    known(LIKE, dataclasses.replace(PROTOCOL, examples=absent))
    assert last(compare(), "not-run") == "put the files there"


def test_an_experiment_without_a_known_number_of_epochs(known, compare):
    until_solved = find_protocol("lstm", "adding_problem/steps20").until_solved
    known(LIKE, dataclasses.replace(PROTOCOL, until_solved=until_solved))
    assert "for no known number of epochs: bring figures of your own by `--result`" in last(compare(), "not-run")
    assert "lies in" in last(compare(results=(0.75,)), "pass")


def test_a_result_of_another_protocol(known, compare, monkeypatch):
    known(LIKE)
    monkeypatch.setitem(rung_protocols(), "mlp", (dataclasses.replace(PROTOCOL, epochs=5),))
    assert "made in another way than is known now" in last(compare(), "not-run")


def rung_protocols():
    from refkit.experiments import protocols

    return protocols.BY_REFERENCE


def test_time_is_over(known, compare, monkeypatch):
    known(LIKE)

    def late(*_):
        raise OutOfTime

    monkeypatch.setattr(training, "fit", late)
    assert last(compare(), "not-run") == "`train_step` was not through after 60 s on `clouds`"


def test_a_reference_of_ones_own(tmp_path, compare):
    own = tmp_path / "trusted.py"
    own.write_text(PLAIN.split("def loss_fn")[0], encoding="utf-8")
    assert "of the shipped references alone" in last(compare(reference=str(own)), "not-run")


def test_a_data_set_that_the_reference_has_no_experiment_on(compare):
    with pytest.raises(RefkitError, match="`mlp` has no experiment on `nowhere`"):
        compare(data="nowhere")


def test_quick_and_until_leave_it_out(compare):
    for options in ({"quick": True}, {"until": "structure"}):
        assert "result" not in [each.name for each in compare(only=None, **options).rungs]


def test_the_reference_itself_passes(monkeypatch, tmp_path):
    class Quiet:
        begin = went_on = ended = lambda *_: None

    monkeypatch.setattr(store, "FOLDER", tmp_path)
    reproducing.reproduce(find_protocol("mlp"), range(3), Quiet(), tmp_path / "runs", tmp_path)
    report = refkit.compare(str(ROOT / "refkit" / "references" / "mlp.py"), "mlp", only="result")
    assert "lies in the 95 % prediction interval" in last(report, "pass")


def test_steps_that_go_nowhere_are_no_slow_choice(known, compare):
    known(HIGH, baselines={"majority": 0.9})
    assert "it has learned nothing" in unexplained(compare(optimizer="optax.sgd(1e-9)"))
