"""Signs of life: on a terminal alone."""

from refkit import signs


def test_nothing_is_shown_where_standard_error_is_no_terminal(capsys):
    with signs.waiting("comparing"):
        signs.say("training: 10%")
    assert "".join(capsys.readouterr()) == ""


def test_what_is_said_goes_to_whoever_waits_last(monkeypatch):
    heard = []
    monkeypatch.setattr(signs, "LISTENERS", [lambda words: heard.append(("first", words))])
    signs.say("10%")
    signs.LISTENERS.append(lambda words: heard.append(("second", words)))
    signs.say("20%")
    assert heard == [("first", "10%"), ("second", "20%")]
