"""What a render worker is given: both patterns of one asset in one piece."""

import numpy as np
import pytest

from compliance.audiomark import expand_audio
from compliance.carrier import Carrier
from compliance.errors import InvalidInput
from compliance.watermark import WatermarkKey, expand

KEY = WatermarkKey(bytes(range(32)))
ASSET = "0123456789abcdef"


def test_a_carrier_travels_as_some_thousand_bytes_and_holds_no_key() -> None:
    data = Carrier.of(KEY, ASSET).to_bytes()
    assert len(data) < 8_000
    assert KEY.secret not in data
    again = Carrier.from_bytes(data)
    assert again.picture.to_bytes() == expand(KEY, ASSET).to_bytes()
    assert np.array_equal(again.sound.wanted, expand_audio(KEY, ASSET).wanted)


@pytest.mark.parametrize("cut", [0, 1, 2, 500, -1])
def test_a_part_of_a_carrier_is_refused(cut: int) -> None:
    with pytest.raises(InvalidInput, match=r"pattern|carrier"):
        Carrier.from_bytes(Carrier.of(KEY, ASSET).to_bytes()[:cut])


def test_the_pattern_of_the_picture_alone_is_refused() -> None:
    """As an older platform would hand it out: nothing is rendered with half of the marks."""
    with pytest.raises(InvalidInput):
        Carrier.from_bytes(expand(KEY, ASSET).to_bytes())
