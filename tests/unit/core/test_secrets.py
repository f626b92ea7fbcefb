from __future__ import annotations

from pipeline.core.secrets import HIDDEN, hidden, know


def test_a_secret_is_hidden_in_every_spelling_of_a_url() -> None:
    know(["pa ss+w@rd/1", "short"])
    said = "535 pa ss+w@rd/1, ftp://a:pa%20ss%2Bw%40rd%2F1@b, key=pa+ss%2Bw%40rd%2F1, shortly"
    assert hidden(said) == f"535 {HIDDEN}, ftp://a:{HIDDEN}@b, key={HIDDEN}, shortly"


def test_the_longer_one_goes_first() -> None:
    know(["secret-key", "secret-key-of-another"])
    assert hidden("it is secret-key-of-another!") == f"it is {HIDDEN}!"
