import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from transformers import CLIPTextConfig, CLIPTextModel

from generation.__main__ import main
from generation.motion.curves import Controls
from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.clip import Sampling
from generation.portraittalk.denoiser import Denoiser
from generation.portraittalk.features import SEEN, SIZE
from generation.portraittalk.identity_net import IdentityNet
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.structure_drawing import draw_structure
from generation.portraittalk.text import tokenizer_of
from generation.portraittalk.training.clip_batches import ClipBatches, Mixture
from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.latents import encode_set, latents_of
from generation.portraittalk.training.loop import CHECKPOINT, Run, Settings
from generation.portraittalk.training.parts import Parts
from generation.portraittalk.training.shards import TRAIN, shards
from generation.portraittalk.training.stages import DenoiserStage, is_moving
from tests.unit.generation_training.test_training_runs import tiny

torch.set_num_threads(1)
SETTINGS = Settings(steps=5, batch=2, warmup=1, precision="no", keep_seconds=0.0, rate=1e-3)
TOKEN, CHANNELS = 16, 4
BLOCKS = {
    "block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4,
    "cross_attention_dim": TOKEN,
}  # fmt: skip


def parts(captions):
    """Tiny networks for latents of 4 x 16 x 16."""
    torch.manual_seed(0)
    unet = {
        **BLOCKS, "sample_size": 16, "in_channels": CHANNELS, "out_channels": CHANNELS,
        "down_block_types": ("CrossAttnDownBlockMotion", "DownBlockMotion"),
        "up_block_types": ("UpBlockMotion", "CrossAttnUpBlockMotion"),
        "num_attention_heads": 2, "motion_num_attention_heads": 2,
    }  # fmt: skip
    encoder = {
        **BLOCKS, "in_channels": CHANNELS, "attention_head_dim": 2,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "conditioning_embedding_out_channels": (4, 4, 4, 4),
    }  # fmt: skip
    resampler = {"hidden_dims": 8, "depth": 1, "dim_head": 4, "heads": 2}
    audio = {"size": SIZE, "rows": SEEN, "hidden": 8}
    tokenizer = tokenizer_of(captions, 24)
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer), hidden_size=TOKEN, intermediate_size=TOKEN,
            num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=24,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip
    animate = AnimateNet(unet, audio, structure_channels=(4, 4, 4, 4))
    identity = IdentityNet(encoder, 128, portrait_tokens=3, resampler_config=resampler)
    return Parts(Denoiser(animate, identity), text, tokenizer)


def stage(data, latents, number, begin=None):
    found = ClipBatches(data, latents, TRAIN, seed=0, frames=1 if number == 1 else 4)
    made = parts(found.captions()) if begin is None else Parts.load(begin)
    return DenoiserStage(made, found, latents, number=number, size=SETTINGS.batch)


def run(data, latents, out, number=1, begin=None):
    return Run(stage(data, latents, number, begin), SETTINGS, out)


@pytest.fixture(scope="module")
def latents(training_set, tmp_path_factory):
    """The set, encoded by an autoencoder with random weights."""
    root = tmp_path_factory.mktemp("latents")
    tiny().save_pretrained(root / "made")
    call = ["train-latents", "--data", str(training_set), "--vae", str(root / "made")]
    assert main([*call, "--out", str(root / "out")]) == 0
    return root / "out"


@pytest.fixture(scope="module")
def first(training_set, latents, tmp_path_factory):
    """Stage 1, trained without a break."""
    out = tmp_path_factory.mktemp("first")
    return out, run(training_set, latents, out).train()


def test_latents_are_computed_once_and_have_about_unit_variance(training_set, latents):
    found = [latents_of(latents, s.about.identity) for s in shards(training_set)]
    values = np.concatenate([f.frames for f in found]).astype(float)
    assert values.shape[1:] == (CHANNELS, 16, 16)
    assert values.std() == pytest.approx(1, abs=0.1)
    assert abs(values.mean()) < 0.1
    times = {p: p.stat().st_mtime_ns for p in latents.glob("*.npy")}
    assert len(list(encode_set(training_set, latents.parent / "made", latents))) == len(times) / 2
    assert {p: p.stat().st_mtime_ns for p in latents.glob("*.npy")} == times


def test_latents_of_two_autoencoders_are_never_mixed(training_set, latents, tmp_path):
    tiny((16, 32)).save_pretrained(tmp_path)
    with pytest.raises(TrainingDataRefused, match="another autoencoder"):
        list(encode_set(training_set, tmp_path, latents))


def test_a_batch_holds_what_steers_its_clips(training_set, latents):
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=4)
    batch = data.batch(3, 2, Mixture(mouth=0.0, several=1.0))
    assert batch.latents.shape == (2, CHANNELS, 4, 16, 16)
    assert batch.inputs.voice.shape == (2, 4, SEEN, SIZE)
    assert batch.inputs.portraits.shape == (2, 2, CHANNELS, 16, 16)
    assert batch.inputs.drawn.shape == (2, 4, 3, 128, 128)
    assert batch.inputs.lips.sum() < batch.inputs.face.sum()
    again = data.batch(3, 2, Mixture(mouth=0.0, several=1.0))
    assert torch.equal(batch.latents, again.latents)
    assert batch.captions == again.captions


def test_what_is_left_out_is_left_out_as_often_as_asked(training_set, latents):
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=1)
    nothing = Mixture(text=0, identity=0, audio=0, structure=0, all_of_it=0)
    assert all(data.batch(n, 2, nothing).captions[0] for n in range(3))
    every = data.batch(0, 2, Mixture(all_of_it=1.0))
    assert every.captions == ["", ""]
    assert all(gone.all() for gone in every.dropped.values())
    counts = sum(float(data.batch(n, 4, Mixture()).dropped["audio"].sum()) for n in range(40))
    assert 0.06 < counts / 160 < 0.26  # a tenth, and a twentieth with everything else


@pytest.mark.parametrize("frames", [1, 4])
def test_eyes_blink_as_often_as_asked(training_set, latents, frames):
    data = ClipBatches(training_set, latents, TRAIN, seed=0, frames=frames)
    at = Controls._fields.index("blink")

    def blinks(often):
        batches = [data.batch(n, 4, Mixture(blinking=often)) for n in range(30)]
        each = [source for batch in batches for source in batch.sources]
        for shard, row in each:
            clip = shard.clip_at(row)
            assert row + frames <= clip.first + clip.count
        assert all(c in ("", s.clip_at(r).caption) for b in batches
                   for c, (s, r) in zip(b.captions, b.sources, strict=True))  # fmt: skip
        return np.mean([shard.array("curves")[row, at] > 0.3 for shard, row in each])

    seldom = blinks(0.0)
    assert seldom < 0.4
    assert blinks(1.0) == 1
    assert seldom < blinks(0.5) < 1


def test_a_hidden_mouth_leaves_only_the_voice_to_move_it(training_set):
    (shard,) = shards(training_set, TRAIN)
    points = shard.array("reference_points")
    opened = points.copy()
    opened[[14, 17, 152, 148, 377], 1] += 6
    drawn = [draw_structure(p, 128, mouth=False) for p in (points, opened)]
    assert (drawn[0] == drawn[1]).all()
    assert drawn[0][1].any()  # eyes are there
    assert (draw_structure(points, 128) != draw_structure(opened, 128)).any()


def test_stage_one_learns_no_motion_and_stage_two_nothing_else(
    training_set, latents, first, tmp_path
):
    begin = first[0] / "averaged"
    before = stage(training_set, latents, 2, begin)
    kept = {k: v.clone() for k, v in before.model.state_dict().items()}
    fresh = stage(training_set, latents, 1).model.state_dict()
    moved = {k for k in kept if not torch.equal(kept[k], fresh[k])}
    assert moved
    assert not {k for k in moved if is_moving(k)}
    second = Run(before, SETTINGS, tmp_path)
    second.train()
    after = before.model.state_dict()
    changed = {k for k in kept if not torch.equal(kept[k], after[k])}
    assert changed
    assert all(is_moving(k) for k in changed)
    assert {"own_v.audio" in k for k in changed} == {True, False}


def test_what_a_stage_exports_is_a_whole_pipeline(first):
    made = PortraitTalkPipeline.from_pretrained(first[0] / "averaged")
    assert made.vae.scale_factor == 8
    assert made.scheduler.config.prediction_type == "v_prediction"
    assert Sampling().steps


def test_without_masks_face_and_lips_count_like_the_rest(training_set, latents):
    masked = stage(training_set, latents, 1)
    found = ClipBatches(training_set, latents, TRAIN, seed=0, frames=1)
    plain = DenoiserStage(
        parts(found.captions()), found, latents, number=1, size=SETTINGS.batch, masked=False
    )
    with torch.no_grad():
        (one, told), (other, same) = (s.loss(0, torch.device("cpu")) for s in (masked, plain))
    assert one > other
    assert told["mse"] == pytest.approx(same["mse"])
    assert same["unweighted"] == pytest.approx(same["mse"])
    assert plain.describe() != masked.describe()


def test_it_loads_where_only_the_pipeline_was_imported(first):
    """Diffusers takes classes of modules that are imported already, and of no others."""
    code = (
        "import sys; from generation.portraittalk.pipeline import PortraitTalkPipeline as P; "
        "print(P.from_pretrained(sys.argv[1]).vae.patch)"
    )
    call = [sys.executable, "-c", code, str(first[0] / "averaged")]
    done = subprocess.run(call, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "4"


KILLED = """
    import os, pathlib, signal, sys
    from tests.unit.generation_training.test_stages import run
    def told(step, loss):
        if step == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    run(*map(pathlib.Path, sys.argv[1:4])).train(told)
"""


def test_a_stage_that_was_killed_goes_on_to_the_very_loss_of_an_unbroken_one(
    training_set, latents, first, tmp_path
):
    code = [sys.executable, "-c", textwrap.dedent(KILLED)]
    killed = subprocess.run(
        [*code, str(training_set), str(latents), str(tmp_path)], check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = run(training_set, latents, tmp_path)
    assert again.step == 2
    assert again.train() == first[1]
    one, other = (torch.load(p / CHECKPOINT, weights_only=True) for p in (tmp_path, first[0]))
    assert all(torch.equal(one["model"][k], v) for k, v in other["model"].items())


def test_stage_two_without_stage_one_says_what_it_needs(training_set, latents, tmp_path, capsys):
    call = ["train", "--stage", "2", "--data", str(training_set), "--latents", str(latents)]
    assert main([*call, "--out", str(tmp_path)]) == 2
    assert "--from" in capsys.readouterr().err


def test_activations_computed_twice_give_the_same_loss(training_set, latents):
    losses = []
    for twice in (False, True):
        made = stage(training_set, latents, 1)
        made.model.train()
        if twice:
            made.model.denoiser.animate_net.enable_gradient_checkpointing()
            made.model.denoiser.identity_net.enable_gradient_checkpointing()
        loss, _ = made.loss(0, torch.device("cpu"))
        loss.backward()
        gradients = [p.grad.norm() for p in made.model.parameters() if p.grad is not None]
        losses.append((float(loss.detach()), float(torch.stack(gradients).norm())))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
