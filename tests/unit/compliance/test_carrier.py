"""What a render worker is given: both patterns of one asset in one piece."""

import numpy as np
import pytest

from compliance.audiomark import expand_audio
from compliance.carrier import Carrier
from compliance.errors import InvalidInput
from compliance.watermark import WatermarkKey, expand
from compliance.watermark.second import WORD_BITS, chance_of, second_word

KEY = WatermarkKey(bytes(range(32)))
ASSET = "0123456789abcdef"


def test_a_carrier_travels_as_some_thousand_bytes_and_holds_no_key() -> None:
    data = Carrier.of(KEY, ASSET).to_bytes()
    assert len(data) < 8_000
    assert KEY.secret not in data
    again = Carrier.from_bytes(data)
    assert again.picture.to_bytes() == expand(KEY, ASSET).to_bytes()
    assert np.array_equal(again.sound.wanted, expand_audio(KEY, ASSET).wanted)
    assert again.word == second_word(KEY, ASSET)


def test_words_of_the_second_mark_are_drawn_anew_for_each_asset_and_key() -> None:
    words = {second_word(KEY, f"{n:016x}") for n in range(500)}
    assert len(words) == 500
    assert second_word(WatermarkKey(bytes(32)), ASSET) != second_word(KEY, ASSET)
    with pytest.raises(InvalidInput, match="asset id"):
        second_word(KEY, "somebody")


def test_the_chance_of_a_word_is_that_of_coins() -> None:
    assert chance_of(0) == 1
    assert chance_of(WORD_BITS) == 2.0**-32
    assert chance_of(31) == 33 * 2.0**-32


@pytest.mark.parametrize("cut", [0, 1, 2, 500, -1])
def test_a_part_of_a_carrier_is_refused(cut: int) -> None:
    with pytest.raises(InvalidInput, match=r"pattern|carrier"):
        Carrier.from_bytes(Carrier.of(KEY, ASSET).to_bytes()[:cut])


def test_the_pattern_of_the_picture_alone_is_refused() -> None:
    """As an older platform would hand it out: nothing is rendered with half of the marks."""
    with pytest.raises(InvalidInput):
        Carrier.from_bytes(expand(KEY, ASSET).to_bytes())
