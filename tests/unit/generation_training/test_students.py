import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from generation.__main__ import main
from generation.faces.topology import LEFT_EYE, RIGHT_EYE
from generation.portraittalk import small
from generation.portraittalk.autoencoder import PatchedAutoencoder
from generation.portraittalk.conditions import Weights
from generation.portraittalk.detail_net import DetailNet
from generation.portraittalk.flow import backward_flow
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.student import STUDENT, add_student
from generation.portraittalk.training.clip_batches import ClipBatches
from generation.portraittalk.training.conditions import PLAIN
from generation.portraittalk.training.detail import PHOTO_ONLY, DetailStage
from generation.portraittalk.training.detail_batches import Seen, reference_blinking
from generation.portraittalk.training.detail_errors import SURELY, garment_error, kind_error
from generation.portraittalk.training.distil import WHOLE, StudentStage
from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.loop import Run, Settings
from generation.portraittalk.training.parts import Parts
from generation.portraittalk.training.shards import TRAIN, Clip, shards
from generation.portraittalk.training.stages import DenoiserStage
from generation.portraittalk.weights import steps_of
from tests.unit.generation_training.test_stages import latents, parts  # noqa: F401
from tests.unit.generation_training.test_training_runs import tiny

SETTINGS = Settings(steps=3, batch=2, warmup=1, precision="no", keep_seconds=0.0, rate=1e-2)


@pytest.fixture(scope="module")
def teacher(training_set, latents, tmp_path_factory):  # noqa: F811
    """A pipeline of random networks whose every path adds something."""
    out = tmp_path_factory.mktemp("teacher") / "pipeline"
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=4)
    made = parts(data.captions())
    with torch.no_grad():
        for parameter in made.denoiser.parameters():
            if not parameter.any():
                parameter.normal_(std=0.2)
    DenoiserStage(made, data, latents, number=2, size=2).export(out)
    return out


def student(training_set, latents, teacher, guidance=2.5):  # noqa: F811
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=4)
    return StudentStage(Parts.load(teacher), data, size=2, guidance=guidance, rank=2)


def test_a_step_back_is_the_one_that_ddim_takes(training_set, latents, teacher):  # noqa: F811
    stage = student(training_set, latents, teacher, guidance=1.0)
    scheduler = small.scheduler()
    scheduler.set_timesteps(50)
    noisy = torch.randn(2, 4, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    for time in (999, 519, 19):
        times = torch.full((2,), time)
        given, nothing = stage._conditions(stage._data.batch(0, 2, WHOLE), torch.device("cpu"))
        with torch.no_grad():
            before, clean = stage._one_step_back(noisy, times, given, nothing)
            velocity = stage._velocity(noisy, times, given)  # the adapter changes nothing yet
        stepped = scheduler.step(velocity, time, noisy)
        assert torch.allclose(before, stepped.prev_sample, atol=1e-4)
        assert torch.allclose(clean, stepped.pred_original_sample, atol=1e-4)


def test_a_student_learns_beside_its_teacher_and_draws_in_few_steps(
    training_set, latents, teacher, tmp_path  # noqa: F811
):  # fmt: skip
    stage = student(training_set, latents, teacher)
    before = {k: v.clone() for k, v in stage.model.state_dict().items()}
    Run(stage, SETTINGS, tmp_path / "run").train()
    after = stage.model.state_dict()
    changed = {k for k in before if not torch.equal(before[k], after[k])}
    assert changed
    assert all("lora" in k for k in changed)
    call = ["train-pack", str(teacher), "--student", str(tmp_path / "run" / "averaged")]
    call += ["--audio", "1.5", "--structure", "1.25"]
    assert main([*call, "--out", str(tmp_path / "packed")]) == 0
    on = ["train-pack", str(tmp_path / "packed"), "--student", str(tmp_path / "packed" / STUDENT)]
    assert main([*on, "--out", str(tmp_path / "again")]) == 0
    assert steps_of(tmp_path / "again") == steps_of(tmp_path / "packed")
    said = [file.read_text() for file in (tmp_path / "packed").rglob("*.json")]
    assert not any(str(teacher) in text for text in said)  # no folder of this machine
    plain = PortraitTalkPipeline.from_pretrained(tmp_path / "packed")
    taught = PortraitTalkPipeline.from_pretrained(tmp_path / "packed")
    assert next(taught.animate_net.parameters()).dtype == torch.float32
    again = Parts.load(tmp_path / "packed")  # to train on from what was packed in half precision
    kinds = {p.dtype for part in (again.denoiser, again.text) for p in part.parameters()}
    assert kinds == {torch.float32}
    add_student(taught, tmp_path / "packed")
    how = steps_of(tmp_path / "packed")
    assert how.few_steps
    assert how.steps == 4
    assert (how.audio, how.structure) == (1.5, 1.25)
    assert not any("lora" in name for name, _ in taught.unet.named_parameters())
    one, other = (dict(p.unet.named_parameters()) for p in (plain, taught))
    assert one.keys() == other.keys()
    moved = {k for k in one if not torch.equal(one[k], other[k])}
    assert any("motion_modules" in k for k in moved)
    assert any("resnets.0.conv1" in k for k in moved)
    assert main([*on, "--rank", "1", "--out", str(tmp_path / "fewer")]) == 0
    adapter = load_file(tmp_path / "fewer" / STUDENT / "pytorch_lora_weights.safetensors")
    assert {len(values) for name, values in adapter.items() if "lora_A" in name} == {1}
    fewer = PortraitTalkPipeline.from_pretrained(tmp_path / "fewer")
    add_student(fewer, tmp_path / "fewer")
    nearer = dict(fewer.unet.named_parameters())
    apart = [sum((some[k] - other[k]).square().sum() for k in moved) for some in (nearer, one)]
    assert 0 < apart[0] < apart[1]


def test_a_student_begins_with_an_earlier_ones_adapter(
    training_set, latents, teacher, tmp_path  # noqa: F811
):  # fmt: skip
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=4)
    stage = student(training_set, latents, teacher)
    Run(stage, SETTINGS, tmp_path / "run").train()
    known = load_file(tmp_path / "run" / "averaged" / "pytorch_lora_weights.safetensors")
    assert any(values.any() for name, values in known.items() if "lora_B" in name)
    again = StudentStage(
        Parts.load(teacher), data, size=2, guidance=2.5, rank=2, begin=tmp_path / "run" / "averaged"
    )
    again.export(tmp_path / "again")
    same = load_file(tmp_path / "again" / "pytorch_lora_weights.safetensors")
    assert known.keys() == same.keys()
    assert all(torch.equal(known[name], same[name]) for name in known)
    with pytest.raises(TrainingDataRefused, match="no adapter of rank 3"):
        StudentStage(
            Parts.load(teacher), data, size=2, guidance=2.5, rank=3, begin=tmp_path / "again"
        )


def test_no_other_stage_takes_an_adapter(tmp_path, capsys):
    call = ["train", "--stage", "2", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main([*call, "--adapter", str(tmp_path)]) != 0
    assert "Stage 2 has no adapter" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_a_student_a_pipeline_stays_as_it_is(teacher):
    plain, other = (PortraitTalkPipeline.from_pretrained(teacher) for _ in range(2))
    add_student(other, teacher)
    assert not (teacher / STUDENT).exists()
    assert not steps_of(teacher).few_steps
    one, same = (p.unet.state_dict() for p in (plain, other))
    assert all(torch.equal(one[name], same[name]) for name in one)


def test_a_decoder_goes_on_alone_and_latents_stay_what_they_are(
    training_set, latents, teacher, tmp_path  # noqa: F811
):  # fmt: skip
    call = ["train", "--stage", "decoder", "--data", str(training_set), "--precision", "no"]
    begin = str(latents / "vae")
    call += ["--from", begin, "--out", str(tmp_path / "run"), "--steps", "3", "--batch", "2"]
    assert main(call) == 0
    one = PatchedAutoencoder.from_pretrained(latents / "vae")
    other = PatchedAutoencoder.from_pretrained(tmp_path / "run" / "averaged")
    pictures = torch.rand(1, 3, 128, 128) * 2 - 1
    with torch.no_grad():
        assert torch.equal(one.to_latents(pictures), other.to_latents(pictures))
        seen = one.to_latents(pictures)
        assert not torch.equal(one.to_pictures(seen), other.to_pictures(seen))
    packed = ["train-pack", str(teacher), "--decoder", str(tmp_path / "run" / "averaged")]
    assert main([*packed, "--out", str(tmp_path / "packed")]) == 0
    vae = PortraitTalkPipeline.from_pretrained(tmp_path / "packed").vae
    assert vae.config.scaling_factor == one.config.scaling_factor
    weights = np.abs((vae.decoder.conv_out.weight - other.decoder.conv_out.weight).detach().numpy())
    assert weights.max() < 1e-3


def test_detail_is_learnt_behind_a_pipeline_that_stays_as_it_is(
    training_set, latents, teacher, tmp_path  # noqa: F811
):  # fmt: skip
    call = ["train", "--stage", "detail", "--data", str(training_set), "--precision", "no"]
    call += ["--latents", str(latents), "--from", str(teacher), "--out", str(tmp_path / "run")]
    assert main([*call, "--steps", "3", "--batch", "2", "--rate", "1e-2"]) == 0
    pack = ["train-pack", str(teacher), "--detail", str(tmp_path / "run" / "averaged")]
    assert main([*pack, "--out", str(tmp_path / "packed")]) == 0
    plain = PortraitTalkPipeline.from_pretrained(teacher)
    packed = PortraitTalkPipeline.from_pretrained(tmp_path / "packed")
    assert plain.detail_net is None
    assert packed.detail_net.out.weight.any()
    for name in ("vae", "animate_net", "identity_net"):
        one, other = (getattr(p, name).state_dict() for p in (plain, packed))
        assert all(torch.equal(one[k].half(), other[k].half()) for k in one)
    # What was packed goes on from there.
    call[call.index(str(teacher))] = str(tmp_path / "packed")
    call[call.index(str(tmp_path / "run"))] = str(tmp_path / "more")
    assert main([*call, "--steps", "0", "--batch", "2"]) == 0
    again = DetailNet.from_pretrained(tmp_path / "more" / "averaged")
    assert torch.equal(again.out.weight, packed.detail_net.out.weight)
    # One of another make, which cannot be loaded any more, is replaced.
    old = tmp_path / "packed" / "detail_net"
    shutil.rmtree(old)
    DetailNet(width=16).save_pretrained(old)
    made = json.loads((old / "config.json").read_text("utf-8"))
    (old / "config.json").write_text(json.dumps(made | {"width": 32}), "utf-8")
    with pytest.raises(ValueError, match="shape"):
        PortraitTalkPipeline.from_pretrained(tmp_path / "packed")
    pack[1] = str(tmp_path / "packed")
    assert main([*pack, "--out", str(tmp_path / "anew")]) == 0
    anew = PortraitTalkPipeline.from_pretrained(tmp_path / "anew")
    assert torch.equal(anew.detail_net.out.weight, packed.detail_net.out.weight)


def test_detail_is_not_learnt_on_latents_of_another_autoencoder(
    training_set, latents, teacher, tmp_path, capsys  # noqa: F811
):  # fmt: skip
    other = tiny()
    torch.nn.init.ones_(other.encoder.conv_in.weight)
    other.save_pretrained(tmp_path / "latents" / "vae")
    call = ["train", "--stage", "detail", "--data", str(training_set), "--from", str(teacher)]
    call += ["--latents", str(tmp_path / "latents"), "--out", str(tmp_path / "run")]
    assert main(call) == 2
    assert "not of the autoencoder" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_detail_of_a_stage_meets_true_latents_and_drawn_ones(
    training_set, latents, teacher  # noqa: F811
):  # fmt: skip
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=1)
    pipeline = PortraitTalkPipeline.from_pretrained(teacher)
    stage = DetailStage(pipeline, data, size=2, weights=Weights())
    losses = [stage.loss(step, torch.device("cpu")) for step in (0, 0, 1)]
    (one, said), (again, _), (drawn_on, other) = losses
    assert float(one.detach()) == float(again.detach())
    assert said["psnr"] == said["psnr_before"]  # a new one changes nothing
    assert other["psnr_before"] < said["psnr_before"]  # random networks drew it
    drawn_on.backward()
    assert stage.model.out.weight.grad.any()


def test_detail_is_told_what_a_caption_says_of_background_and_clothes(
    training_set, latents  # noqa: F811
):  # fmt: skip
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=1)
    batch = data.batch(0, 8, PHOTO_ONLY)
    said = [shard.clip_at(row).labels for shard, row in batch.sources]
    walls, worn = ([labels[what] for labels in said] for what in ("background", "clothing"))
    assert len(set(walls)) > 1
    assert len(set(worn)) > 1
    both = zip(walls, worn, strict=True)
    known = [(wall in PLAIN, wall == "original", dye != "original") for wall, dye in both]
    right = torch.tensor(known).float() * 40 - 20
    assert float(kind_error(right, batch)) < 1e-6
    assert float(kind_error(-right, batch)) > 10
    undyed = right.clone()
    undyed[:, 2] = -20
    assert float(kind_error(undyed, batch)) > 0.1
    silent = replace(batch, captions=[""] * 8)
    assert float(kind_error(-right, silent)) == 0
    striped = replace(batch, sources=[(Striped(), 0)], captions=["a person in a striped top"])
    assert float(kind_error(torch.tensor([[0.0, 0, -20]]), striped)) < 1e-6  # that is no dye
    shard, _ = batch.sources[0]
    for clip in shard.about.clips:
        assert shard.clip_at(clip.first) == shard.clip_at(clip.first + clip.count - 1) == clip


class Striped:
    """A person of a video whose clothes the sidecar calls by a word of its own."""

    def clip_at(self, _row):
        return Clip("stills", 0, 1, "a person in a striped top", {"clothing": "striped"})


def test_clothes_are_held_against_what_is_seen_where_they_are(
    training_set, latents  # noqa: F811
):  # fmt: skip
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=1)
    batch = data.batch(0, 8, PHOTO_ONLY)
    seen = Seen.of(batch)
    worn = seen.parts[:, 1:] > SURELY
    assert 0.02 < worn.float().mean() < 0.5
    elsewhere = torch.where(worn, seen.wanted, 0)
    assert float(garment_error(elsewhere, seen, batch)) == 0
    assert float(garment_error(seen.wanted + 0.1, seen, batch)) == pytest.approx(0.1, rel=1e-3)
    everywhere = replace(seen, parts=torch.ones_like(seen.parts))
    chin = torch.where(seen.weights > 1, -seen.wanted, seen.wanted)  # it covers the collar
    assert float(garment_error(chin, everywhere, batch)) == 0
    silent = replace(batch, captions=[""] * 8)
    assert float(garment_error(-seen.wanted, seen, silent)) == 0


def test_pictures_for_detail_are_varied_with_all_that_is_beside_them(
    training_set, latents  # noqa: F811
):  # fmt: skip
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=1)
    batch = data.batch(0, 8, PHOTO_ONLY)
    plain, varied = Seen.of(batch), Seen.of(batch, np.random.default_rng(0))
    turned = set()
    for row in range(8):
        for name in ("faces", "photo_faces", "parts", "weights"):
            one, other = getattr(plain, name)[row], getattr(varied, name)[row]
            mirror = torch.equal(one.flip(-1), other)
            assert mirror or torch.equal(one, other)
            turned.add(mirror)
        column, back = (-1, varied.flow[row].flip(-1)) if mirror else (1, varied.flow[row])
        assert torch.equal(back * torch.tensor([column, 1] * 2)[:, None, None], plain.flow[row])
        photo, blink = (
            x[row].flip(-1) if mirror else x[row] for x in (varied.photos, varied.blinking)
        )
        differs = (plain.photos[row] != plain.blinking[row]).any(0)
        assert 0 < differs.float().mean() < 0.1  # the eyes
        assert torch.equal(photo[:, ~differs], blink[:, ~differs])  # tinted alike
        back = varied.wanted[row].flip(-1) if mirror else varied.wanted[row]
        labels = batch.sources[row][0].clip_at(batch.sources[row][1]).labels
        photographed = labels["background"] == labels["clothing"] == "original"
        assert torch.allclose(back, plain.wanted[row], atol=1e-6) != photographed
        x = varied.anchors[row, [2, 3, 0, 1, 4], 0] if mirror else varied.anchors[row, :, 0]
        assert torch.allclose(127 - x if mirror else x, plain.anchors[row, :, 0], atol=1e-3)
    assert turned == {True, False}


def test_a_persons_photo_in_a_blink_lies_where_the_photo_does(training_set):
    for shard in shards(training_set):
        blink, photo = reference_blinking(shard), shard.array("reference_points")[:, :2]
        moved = np.abs(blink.points - photo).max(1) > 1e-3
        assert set(np.flatnonzero(moved)) <= {i for eye in (RIGHT_EYE, LEFT_EYE) for i in eye[0]}
        assert moved.sum() == 14  # but for the corners


def test_the_flow_of_detail_hears_the_mouth_only_where_it_is_drawn(
    training_set, latents  # noqa: F811
):  # fmt: skip
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=1)
    flows = {}
    for hidden in (0.0, 1.0):
        batch = data.batch(3, 4, replace(PHOTO_ONLY, mouth=hidden))
        flows[hidden] = Seen.of(batch).flow
        for row, (shard, number) in enumerate(batch.sources):
            points = shard.points[number].astype(np.float32)
            photos = (shard.array("reference_points"), reference_blinking(shard).points)
            told = backward_flow(points, photos, 128, mouth=hidden == 0)
            assert np.array_equal(flows[hidden][row], told)
    assert not torch.equal(flows[0.0], flows[1.0])


def test_parts_that_do_not_belong_together_are_not_packed(teacher, tmp_path, capsys):
    other = tiny()
    torch.nn.init.ones_(other.encoder.conv_in.weight)
    other.save_pretrained(tmp_path / "other")
    call = ["train-pack", str(teacher), "--out", str(tmp_path / "packed")]
    for weight in ("-1", "nan"):
        assert main([*call, "--audio", weight]) == 2
        assert "0 or more" in capsys.readouterr().err
    assert main([*call, "--rank", "0"]) == 2
    assert "No adapter has rank 0" in capsys.readouterr().err
    assert main([*call, "--decoder", str(tmp_path / "other")]) == 2
    assert "not of the autoencoder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main([*call, "--student", str(tmp_path / "empty")]) == 2
    assert "holds no student" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"other", "empty"}  # nothing half-written
    assert main([*call[:-1], str(teacher)]) == 2
    assert "there already" in capsys.readouterr().err


@pytest.mark.parametrize("stage", ["decoder", "student", "detail"])
def test_a_later_stage_says_what_it_begins_with(stage, training_set, tmp_path, capsys):
    call = ["train", "--stage", stage, "--data", str(training_set), "--out", str(tmp_path)]
    assert main([*call, "--latents", str(tmp_path)]) == 2
    assert "--from" in capsys.readouterr().err
