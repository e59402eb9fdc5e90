"""rivaGan's mark, as workers with a GPU write it: in key frames, under ours, read from copies."""

from pathlib import Path

import av
import numpy as np
import pytest

from compliance.carrier import Carrier
from compliance.watermark.files import detect_file
from generation import __main__ as program
from generation.errors import InputError, WeightsInvalid
from generation.media import second_mark
from generation.media.encoder import Encoder, VideoFormat
from generation.media.photo import load_photo
from generation.media.second_mark import Choice, RivaGan, read_words
from generation.worker.settings import SettingsError, WorkerSettings

ASSET = "0123456789abcdef"
SIZE = VideoFormat(512, 512, 25)


@pytest.fixture(scope="module")
def marked(tmp_path_factory, watermark_key, portrait, short_voice) -> Path:
    path = tmp_path_factory.mktemp("second") / "a.mp4"
    carrier, picture = Carrier.of(watermark_key, ASSET), load_photo(portrait).rgb
    options = {"audio": short_voice, "carrier": carrier, "second": RivaGan(carrier.word, 25)}
    with Encoder(path, SIZE, **options) as encoder:
        for index in range(33):
            encoder.write(np.roll(picture, index // 4, axis=1))
    return path


def test_it_is_in_key_frames_and_leaves_our_mark(marked, watermark_key) -> None:
    with av.open(str(marked)) as container:
        keys = [n for n, frame in enumerate(container.decode(video=0)) if frame.key_frame]
    (found,) = read_words(marked, [Carrier.of(watermark_key, ASSET).word])

    assert keys == [0, 25]
    assert (found.agreeing, found.frames) == (32, 2)
    assert detect_file(marked, watermark_key).asset_id == ASSET


def test_a_recompressed_copy_says_it_and_another_asset_is_not_in_it(
    marked, watermark_key, tmp_path
) -> None:
    copy = tmp_path / "copy.mp4"
    with av.open(str(marked)) as source, av.open(str(copy), "w") as target:
        stream = target.add_stream("libx264", rate=25, options={"crf": "23"})
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"
        for index, frame in enumerate(source.decode(video=0)):
            again = av.VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24"), format="rgb24")
            again.pts = index
            target.mux(stream.encode(again))
        target.mux(stream.encode(None))

    words = [Carrier.of(watermark_key, asset_id).word for asset_id in (ASSET, "f" * 16)]
    own, other = read_words(copy, words)
    assert own.agreeing >= 30
    assert other.chance > 1e-3


def test_whoever_has_the_key_asks_by_a_command(marked, watermark_key, tmp_path, capsys) -> None:
    key = tmp_path / "watermark.key"
    key.write_text(watermark_key.to_text())
    assert program.main(["second-mark", str(marked), ASSET, "--key", str(key)]) == 0
    assert capsys.readouterr().out.startswith("found: 32 of 32 bits agree in 2 pictures")
    assert program.main(["second-mark", str(key), ASSET, "--key", str(key)]) == 2
    assert program.main(["second-mark", str(marked), "nobody", "--key", str(key)]) == 2


def test_a_swapped_network_writes_nothing(monkeypatch) -> None:
    second_mark._networks.cache_clear()
    monkeypatch.setitem(second_mark._PINNED, "rivagan_encoder.onnx", "0" * 64)
    with pytest.raises(WeightsInvalid):
        RivaGan(bytes(4), 25)
    second_mark._networks.cache_clear()


def test_what_is_no_video_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="not a video"):
        read_words(tmp_path / "nothing.mp4", [bytes(4)])


def test_it_is_made_where_a_card_and_the_packages_are(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(second_mark, "_DRIVER", tmp_path / "nvidiactl")
    assert [choice.wanted() for choice in Choice] == [False, True, False]
    (tmp_path / "nvidiactl").touch()
    assert [choice.wanted() for choice in Choice] == [True, True, False]
    monkeypatch.setattr(second_mark, "_NEEDS", ("no_such_package",))
    assert Choice.AUTO.wanted() is False


def test_a_worker_that_cannot_do_what_it_is_told_does_not_start(monkeypatch, tmp_path) -> None:
    (tmp_path / "permit.pub.pem").touch()
    told = {"RAKKAN_WORKER_TOKEN": "t", "RAKKAN_TRUST": str(tmp_path)}
    read = WorkerSettings.from_environment
    assert read(told).second_mark is Choice.AUTO
    assert read(told | {"RAKKAN_SECOND_MARK": "off"}).second_mark is Choice.OFF
    with pytest.raises(SettingsError, match="perhaps"):
        read(told | {"RAKKAN_SECOND_MARK": "perhaps"})
    monkeypatch.setattr(second_mark, "_NEEDS", ("no_such_package",))
    with pytest.raises(SettingsError, match="no_such_package"):
        read(told | {"RAKKAN_SECOND_MARK": "on"})
