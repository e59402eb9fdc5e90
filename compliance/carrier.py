"""What a render worker gets to mark one asset with: a finished pattern for picture and sound."""

from dataclasses import dataclass
from typing import Self

from compliance.audiomark import AudioPattern, expand_audio
from compliance.errors import InvalidInput
from compliance.watermark import Pattern, WatermarkKey, expand
from compliance.watermark.second import WORD_BYTES, second_word

_LENGTH_BYTES = 2  # of the first part


@dataclass(frozen=True, eq=False)
class Carrier:
    """Enough to mark one asset, useless for any other.

    Attributes:
        picture: for every frame.
        sound: for every second.
        word: 4 bytes of the second mark, for key frames of workers that make one.
    """

    picture: Pattern
    sound: AudioPattern
    word: bytes

    @classmethod
    def of(cls, key: WatermarkKey, asset_id: str) -> Self:
        """Expand the carrier of one asset; only the platform has a key to do it with.

        Raises:
            InvalidInput: the id is not 16 lower-case hexadecimal digits.
        """
        return cls(expand(key, asset_id), expand_audio(key, asset_id), second_word(key, asset_id))

    def to_bytes(self) -> bytes:
        """Return some 6 kB."""
        picture = self.picture.to_bytes()
        head = len(picture).to_bytes(_LENGTH_BYTES, "big") + picture + self.word
        return head + self.sound.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises:
            InvalidInput: it is something else.
        """
        if len(data) < _LENGTH_BYTES:
            raise InvalidInput("Not the carrier of a mark.", code="pattern-invalid")
        end = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES], "big")
        picture = Pattern.from_bytes(data[_LENGTH_BYTES:end])
        word, sound = data[end : end + WORD_BYTES], data[end + WORD_BYTES :]
        return cls(picture, AudioPattern.from_bytes(sound), word)
