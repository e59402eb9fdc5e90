import threading
import wave
from itertools import pairwise

import av
import numpy as np
import pytest

from generation import audio
from generation.audio import mouth
from generation.audio.remembered import MOST, Memory
from generation.errors import AudioError
from generation.motion.speaking import from_speech
from generation.prompt import PromptEffects


def _write(path, samples, rate=16000, channels=1):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.asarray(samples) * 32767).astype("<i2").tobytes())
    return path


def _code(path, **limits):
    with pytest.raises(AudioError) as error:
        audio.load(path, **limits)
    assert error.value.remedy
    assert error.value.fault == "input"
    return error.value.code


@pytest.fixture
def tone():
    return 0.3 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)


def test_speech_comes_as_mono_floats_at_16_khz(voice):
    speech = audio.load(voice)
    assert (speech.samples.dtype, speech.samples.ndim) == (np.float32, 1)
    assert speech.seconds == pytest.approx(5.654, abs=0.001)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (48000, 1)])
def test_any_rate_and_channel_count_is_resampled(tmp_path, rate, channels):
    wave_ = 0.3 * np.sin(2 * np.pi * 220 * np.arange(rate) / rate)
    path = _write(tmp_path / "a.wav", np.repeat(wave_, channels), rate, channels)
    speech = audio.load(path)
    assert speech.seconds == pytest.approx(1.0, abs=0.01)
    spectrum = np.abs(np.fft.rfft(speech.samples))
    assert np.argmax(spectrum) / speech.seconds == pytest.approx(220, abs=3)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp3", "mp3"), ("a.m4a", "aac"), ("a.flac", "flac"), ("a.webm", "opus")]
)
def test_common_containers_are_read(tmp_path, voice, name, codec):
    with av.open(str(tmp_path / name), "w") as out, av.open(str(voice)) as source:
        stream = out.add_stream(codec, rate=48000 if codec == "opus" else 16000)
        for frame in source.decode(audio=0):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert audio.load(tmp_path / name).seconds == pytest.approx(5.65, abs=0.12)


def test_a_text_file_named_wav_is_unreadable(tmp_path):
    path = tmp_path / "a.wav"
    path.write_text("this is no sound " * 100)
    assert _code(path) == "audio-unreadable"


def test_noise_bytes_are_unreadable(tmp_path):
    path = tmp_path / "a.mp3"
    path.write_bytes(np.random.default_rng(0).bytes(60_000))
    assert _code(path) == "audio-unreadable"


def test_a_missing_file_is_unreadable(tmp_path):
    assert _code(tmp_path / "none.wav") == "audio-unreadable"


def test_an_empty_file_is_empty(tmp_path):
    (tmp_path / "a.wav").touch()
    assert _code(tmp_path / "a.wav") == "audio-empty"


def test_a_header_without_sound_is_empty(tmp_path):
    assert _code(_write(tmp_path / "a.wav", [])) == "audio-empty"


def test_digital_silence_is_silent(tmp_path):
    assert _code(_write(tmp_path / "a.wav", np.zeros(16000))) == "audio-silent"


def test_a_picture_has_no_sound(portrait):
    assert _code(portrait) == "audio-unreadable"


def test_three_hours_are_refused_by_their_header_alone(tmp_path):
    path = _write(tmp_path / "a.wav", [])
    seconds = 3 * 3600
    with path.open("r+b") as file:  # a sparse file: three hours that nobody had to write
        size = seconds * 32000
        file.seek(4)
        file.write((size + 36).to_bytes(4, "little"))
        file.seek(40)
        file.write(size.to_bytes(4, "little"))
        file.truncate(44 + size)
    assert _code(path) == "audio-too-long"


def test_a_limit_holds_where_the_container_does_not_say_how_long_it_is(tmp_path, voice):
    path = tmp_path / "a.aac"
    with av.open(str(path), "w", format="adts") as out, av.open(str(voice)) as source:
        stream = out.add_stream("aac", rate=16000)
        for frame in source.decode(audio=0):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert audio.load(path).seconds > 5
    assert _code(path, max_seconds=2.0) == "audio-too-long"


def test_a_file_that_was_cut_off_is_noticed(tmp_path, voice):
    path = tmp_path / "cut.m4a"
    with av.open(str(path), "w") as out, av.open(str(voice)) as source:
        stream = out.add_stream("aac", rate=16000)
        for frame in source.decode(audio=0):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert _code(path) == "audio-unreadable"


def test_a_cut_off_wav_is_noticed(tmp_path, voice):
    path = tmp_path / "cut.wav"
    path.write_bytes(voice.read_bytes()[:60_000])
    assert _code(path) == "audio-unreadable"


def test_a_playlist_that_names_other_files_is_not_followed(tmp_path, voice):
    path = tmp_path / "a.m3u8"
    path.write_text(f"#EXTM3U\n#EXTINF:5,\n{voice}\n#EXT-X-ENDLIST\n")
    assert _code(path) == "audio-unreadable"


def test_a_concat_script_is_not_followed(tmp_path, voice):
    path = tmp_path / "a.wav"
    path.write_text(f"ffconcat version 1.0\nfile {voice}\n")
    assert _code(path) == "audio-unreadable"


def test_values_that_are_no_numbers_are_refused(tmp_path, tone):
    broken = tone.astype("<f4")
    broken[100] = np.nan
    data = broken.tobytes()
    header = b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt " + bytes([16, 0, 0, 0])
    header += bytes([3, 0, 1, 0]) + (16000).to_bytes(4, "little") + (64000).to_bytes(4, "little")
    header += bytes([4, 0, 32, 0]) + b"data" + len(data).to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(header + data)
    assert _code(tmp_path / "a.wav") == "audio-unreadable"


def test_phones_are_heard_in_order_and_within_the_track(voice):
    phones = audio.listen(audio.load(voice)).phones
    assert "".join(p.symbol for p in phones).startswith("pliz")
    assert all(0 <= p.start < p.end <= 5.66 for p in phones)
    assert all(a.start <= b.start for a, b in pairwise(phones))


def test_no_phones_are_heard_in_noise_or_tones(tone):
    noise = 0.1 * np.random.default_rng(0).normal(size=32000)
    for samples in (noise, np.tile(tone, 2)):
        assert audio.listen(audio.Speech(samples.astype(np.float32))).phones == []


def test_a_long_track_is_heard_in_pieces_with_the_same_words(voice):
    once = audio.load(voice)
    pause = np.zeros(8000, np.float32)
    samples = np.concatenate([np.concatenate([once.samples, pause]) for _ in range(4)])
    parts = []
    heard = audio.listen(audio.Speech(samples), parts.append)
    at_once = audio.listen(audio.Speech(samples), threads=2)
    phones = heard.phones
    assert at_once.phones == phones
    assert np.array_equal(at_once.mouth, heard.mouth)
    alone = len(audio.listen(once).phones)
    assert len(phones) == pytest.approx(4 * alone, abs=6)
    assert len(parts) > 1
    assert parts == sorted(parts)


def test_the_mouth_is_read_for_every_20_ms_whichever_way_a_track_is_cut(voice):
    once = audio.load(voice)
    alone = audio.listen(once)
    assert alone.mouth.shape == (round(once.seconds * 50), len(mouth.TRACKS))
    pause = np.zeros(8000, np.float32)
    samples = np.concatenate([np.concatenate([once.samples, pause]) for _ in range(4)])
    long = audio.listen(audio.Speech(samples)).mouth
    assert len(long) == round(samples.size / 320)
    for copy in range(4):  # the last ones are in the second piece
        at = round(copy * (once.samples.size + pause.size) / 320)
        again = long[at : at + len(alone.mouth), 0]
        assert np.corrcoef(alone.mouth[: len(again), 0], again)[0, 1] > 0.98


@pytest.mark.parametrize("samples", [1, 160, 161, 3200])
def test_a_track_has_a_row_of_the_mouth_however_short_it_is(samples):
    heard = audio.listen(audio.Speech(np.full(samples, 0.1, np.float32)))
    assert len(heard.mouth) == max(1, round(samples / 320))
    assert len(
        from_speech(audio.Speech(np.full(samples, 0.1, np.float32)), PromptEffects(), seed=0)
    )


def test_lips_that_are_read_meet_in_p_b_and_m_and_stand_apart_in_open_vowels(voice):
    heard = audio.listen(audio.load(voice))
    rows = dict(zip(mouth.TRACKS, heard.mouth.T, strict=True))

    def around(phone, name):
        at = slice(max(0, int(phone.start * 50) - 3), int(phone.start * 50) + 6)
        return rows[name][at]

    shut = [around(p, "close").max() for p in heard.phones if p.symbol in "pbm"]
    wide = [around(p, "gap").max() for p in heard.phones if p.symbol in ("æ", "ɛ", "aʊ", "ɔ")]
    assert min(len(shut), len(wide)) >= 5
    assert np.median(shut) > 0.6
    assert np.median(wide) > 0.6
    assert rows["close"].mean() < 0.15


def test_a_track_is_heard_once_and_forgotten_in_time(voice):
    once = audio.load(voice)
    parts, again, memory = [], [], Memory(seconds=0.7)
    heard = memory.hear(once, parts.append)
    found = memory.hear(audio.Speech(once.samples.copy()), again.append)
    assert len(parts) > 1
    assert again == [1.0]
    assert found.phones == heard.phones
    heard.phones.clear()  # whoever got it may do what they like
    heard.mouth[:] = 0
    anew = audio.listen(once)
    assert found.phones == anew.phones
    assert np.array_equal(found.mouth, anew.mouth)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer) and thread.interval == 0.7:
            thread.join(5)
    once_more = []
    assert memory.hear(once, once_more.append).phones
    assert len(once_more) > 1, "it is listened to again"


def test_no_more_than_a_few_tracks_are_remembered(tone):
    memory, sounds = (
        Memory(),
        [audio.Speech((tone * part / 10).astype(np.float32)) for part in range(4, 10)],
    )
    for sound in sounds:
        memory.hear(sound)
    assert len(memory._kept) == MOST
