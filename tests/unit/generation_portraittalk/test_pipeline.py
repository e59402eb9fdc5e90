"""The pipeline from end to end, on networks of some thousand parameters."""

from __future__ import annotations

import gc
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler
from numpy.typing import NDArray
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from torch import Tensor

from generation.portraittalk import small
from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.clip import Clip, Sampling, Scene
from generation.portraittalk.conditions import Conditions, Weights
from generation.portraittalk.detail_net import Beside, Detailed, DetailNet
from generation.portraittalk.errors import ClipUnusable, DrawingStopped
from generation.portraittalk.guidance import Guidance
from generation.portraittalk.pipeline import PortraitTalkPipeline
from tests.benchmarks.steering.speed import Forgetful
from tests.unit.generation_portraittalk import tiny

FAST = Sampling(steps=2, window=4, overlap=2, guidance=Guidance())
BALANCED = {"text": 2.0, "audio": 3.0}


@pytest.fixture(scope="module")
def pipeline() -> PortraitTalkPipeline:
    torch.manual_seed(0)
    return tiny.pipeline()


def drawn(
    pipeline: PortraitTalkPipeline, clip: Clip, sampling: Sampling = FAST, seed: int = 1
) -> NDArray[np.int16]:
    frames = pipeline(clip, sampling, torch.Generator().manual_seed(seed)).frames
    return frames.astype(np.int16)


def with_parts(parts: Tensor) -> Clip:
    clip = tiny.clip()
    return replace(clip, portraits=replace(clip.portraits, parts=parts))


def with_blinks(blinking: Tensor) -> Clip:
    clip = tiny.clip()
    return replace(clip, portraits=replace(clip.portraits, blinking=blinking))


def test_it_draws_every_frame_of_a_clip_of_any_length(pipeline: PortraitTalkPipeline) -> None:
    for frames in (1, 3, 4, 5, 6, 9):
        assert drawn(pipeline, tiny.clip(frames)).shape == (frames, tiny.SIDE, tiny.SIDE, 3)


def test_a_seed_gives_the_same_frames_again_and_another_gives_others(
    pipeline: PortraitTalkPipeline,
) -> None:
    clip, before = tiny.clip(), dict(pipeline.scheduler.config)
    first = drawn(pipeline, clip)
    assert np.array_equal(first, drawn(pipeline, clip))
    assert not np.array_equal(first, drawn(pipeline, clip, seed=2))
    # Each clip has a scheduler of its own: this one was never set up.
    assert dict(pipeline.scheduler.config) == before
    assert pipeline.scheduler.num_inference_steps is None


def test_it_comes_back_from_disk_and_draws_the_same(
    pipeline: PortraitTalkPipeline, tmp_path: Path
) -> None:
    pipeline.save_pretrained(tmp_path)
    again = PortraitTalkPipeline.from_pretrained(tmp_path)
    assert abs(drawn(pipeline, tiny.clip()) - drawn(again, tiny.clip())).max() <= 1
    half = PortraitTalkPipeline.from_pretrained(tmp_path, dtype=torch.bfloat16, device_map="cpu")
    assert {half.animate_net.dtype, half.vae.dtype} == {torch.bfloat16}
    near = abs(drawn(half, tiny.clip()) - drawn(pipeline, tiny.clip()))
    assert near.mean() < 4  # of 255; bfloat16 has eight bits


def test_the_photos_detail_counts_as_much_as_it_weighs(
    pipeline: PortraitTalkPipeline, tmp_path: Path
) -> None:
    parts = {
        **pipeline.components,
        "detail_net": tiny.wake(DetailNet(tiny.CHANNELS, tiny.TOKEN)).eval(),
    }
    PortraitTalkPipeline(**parts).save_pretrained(tmp_path)
    detailed = PortraitTalkPipeline.from_pretrained(tmp_path)
    assert pipeline.detail_net is None
    clip = tiny.clip()
    whole = abs(drawn(detailed, clip) - drawn(pipeline, clip)).mean()
    nothing, half = (replace(FAST, weights=Weights(detail=weight)) for weight in (0, 0.5))
    assert whole > 1
    plain = PortraitTalkPipeline(**{**detailed.components, "detail_net": None})
    assert np.array_equal(drawn(detailed, clip, nothing), drawn(plain, clip))
    partly = abs(drawn(detailed, clip, half) - drawn(pipeline, clip)).mean()
    assert 0 < partly < whole
    # Of several portraits it is the first one's.
    several = tiny.clip(portraits=2)
    both = abs(drawn(detailed, several) - drawn(pipeline, several))
    for name in ("pictures", "blinking", "drawn", "parts"):
        flipped = {name: getattr(several.portraits, name).flip(0)}
        other = replace(several, portraits=replace(several.portraits, **flipped))
        assert not np.array_equal(both, abs(drawn(detailed, other) - drawn(pipeline, other)))
    detailed.detail_net.to(torch.bfloat16)  # whatever the others compute in
    assert abs(drawn(detailed, clip) - drawn(pipeline, clip)).mean() == pytest.approx(
        whole, rel=0.1
    )


def test_detail_is_shown_each_frames_drawn_face_as_far_as_it_weighs(
    pipeline: PortraitTalkPipeline,
) -> None:
    seen: list[tuple[Tensor, Tensor]] = []

    class Watched(DetailNet):
        def forward(self, pictures: Tensor, beside: Beside) -> Detailed:
            seen.append((beside.drawn.clone(), beside.flow.clone()))
            return super().forward(pictures, beside)

    watched = Watched(tiny.CHANNELS, tiny.TOKEN).eval()
    detailed = PortraitTalkPipeline(**{**pipeline.components, "detail_net": watched})
    clip = tiny.clip(11)  # several windows
    asked = clip.drive.scene(0, 11)
    for weight, share in ((0.0, 0.0), (0.5, 0.5), (1.3, 1.0)):
        seen.clear()
        drawn(detailed, clip, replace(FAST, weights=Weights(structure=weight)))
        shown, moved = (torch.cat(each) for each in zip(*seen, strict=True))
        assert torch.allclose(shown, share * asked.drawn, atol=1e-6)
        assert torch.allclose(moved, share * asked.flow, atol=1e-6)


def test_what_speed_is_measured_against_draws_the_same(pipeline: PortraitTalkPipeline) -> None:
    forgetful = Forgetful(**pipeline.components)
    assert np.array_equal(drawn(forgetful, tiny.clip(9)), drawn(pipeline, tiny.clip(9)))


def test_a_detail_net_of_other_networks_is_refused_before_anything_is_drawn(
    pipeline: PortraitTalkPipeline,
) -> None:
    for sizes in ((tiny.CHANNELS + 1, tiny.TOKEN), (tiny.CHANNELS, tiny.TOKEN + 1)):
        other = PortraitTalkPipeline(**{**pipeline.components, "detail_net": DetailNet(*sizes)})
        with pytest.raises(ClipUnusable, match="DetailNet reads"):
            other(tiny.clip(), FAST, callback_on_step_end=lambda *_: pytest.fail("drawn"))


def test_it_stops_within_a_step_when_it_is_cancelled(pipeline: PortraitTalkPipeline) -> None:
    steps = []

    def stop_in_the_third(pipe: PortraitTalkPipeline, step: int, *_: object) -> dict[str, Tensor]:
        steps.append(step)
        if step == 2:
            pipe.cancel()
        return {}

    with pytest.raises(DrawingStopped):
        pipeline(tiny.clip(9), FAST, callback_on_step_end=stop_in_the_third)
    assert steps == [0, 1, 2]
    assert len(drawn(pipeline, tiny.clip())) == 5  # the next one is not stopped


def test_steps_are_told_one_by_one_and_may_change_the_latents(
    pipeline: PortraitTalkPipeline,
) -> None:
    told: list[int] = []

    def black(_: object, step: int, __: object, given: dict[str, Tensor]) -> dict[str, Tensor]:
        told.append(step)
        return {"latents": torch.zeros_like(given["latents"])}

    clip = tiny.clip(9)
    frames = pipeline(clip, FAST, callback_on_step_end=black).frames
    assert told == list(range(pipeline.steps(clip, FAST)))
    assert (frames == frames[0]).all()


@pytest.mark.parametrize("part", ["text", "identity", "audio", "structure", "motion"])
def test_each_weight_is_heard(pipeline: PortraitTalkPipeline, part: str) -> None:
    off = replace(FAST, weights=Weights(**{part: 0}))
    assert not np.array_equal(drawn(pipeline, tiny.clip()), drawn(pipeline, tiny.clip(), off))


def test_prompt_and_further_portraits_are_heard(pipeline: PortraitTalkPipeline) -> None:
    one = drawn(pipeline, tiny.clip())
    assert not np.array_equal(one, drawn(pipeline, tiny.clip(prompt="a sad person")))
    assert not np.array_equal(one, drawn(pipeline, tiny.clip(portraits=3)))


def test_guidance_is_the_sum_of_what_each_input_changes() -> None:
    predicted = torch.randn(3, 4, 2, 8, 8)
    full, without_text, without_audio = predicted
    guidance = Guidance(text=2.0, audio=3.0)
    assert guidance.dropped() == [frozenset(), {"text"}, {"audio"}]
    wanted = full + 1.0 * (full - without_text) + 2.0 * (full - without_audio)
    torch.testing.assert_close(guidance.mix(predicted[:, None])[0], wanted)
    rescaled = Guidance(text=2.0, audio=3.0, rescale=1.0).mix(predicted[:, None])
    torch.testing.assert_close(rescaled.std(), full.std())


@pytest.mark.parametrize("guidance", [Guidance(everything=3.0), Guidance(**BALANCED)])
def test_guidance_moves_the_frames(pipeline: PortraitTalkPipeline, guidance: Guidance) -> None:
    guided = drawn(pipeline, tiny.clip(), replace(FAST, guidance=guidance))
    assert not np.array_equal(guided, drawn(pipeline, tiny.clip()))


def test_a_student_draws_in_few_steps_without_guidance(pipeline: PortraitTalkPipeline) -> None:
    student = replace(FAST, few_steps=True, guidance=Guidance(everything=5.0))
    passes: list[int] = []
    hook = pipeline.unet.register_forward_pre_hook(
        lambda _net, inputs: passes.append(len(inputs[0]))
    )
    frames = drawn(pipeline, tiny.clip(), student)
    hook.remove()
    assert np.array_equal(frames, drawn(pipeline, tiny.clip(), student))
    assert set(passes) == {1}


def test_sliced_and_tiled_decoding_draw_nearly_the_same(pipeline: PortraitTalkPipeline) -> None:
    whole = drawn(pipeline, tiny.clip())
    pipeline.vae.enable_slicing()
    assert abs(drawn(pipeline, tiny.clip()) - whole).max() <= 1
    pipeline.vae.enable_tiling()
    pipeline.vae.tile_sample_min_size, pipeline.vae.tile_latent_min_size = 16, 4
    try:
        tiled = drawn(pipeline, tiny.clip())
    finally:
        pipeline.vae.disable_tiling()
        pipeline.vae.disable_slicing()
    assert not np.array_equal(tiled, whole)
    assert np.corrcoef(tiled.ravel(), whole.ravel())[0, 1] > 0.5  # noise, in tiles of 16 px


def test_lora_weights_change_what_is_drawn_until_they_are_taken_out(
    pipeline: PortraitTalkPipeline, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    tuned, plain = tiny.pipeline(), drawn(pipeline, tiny.clip())
    tuned.unet.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_k", "to_v"]))
    with torch.no_grad():
        for name, parameter in tuned.unet.named_parameters():
            if "lora" in name:
                parameter.normal_(std=0.5)
    layers = get_peft_model_state_dict(tuned.unet)
    PortraitTalkPipeline.save_lora_weights(tmp_path, unet_lora_layers=layers)
    pipeline.load_lora_weights(tmp_path)
    assert abs(drawn(pipeline, tiny.clip()) - drawn(tuned, tiny.clip())).max() <= 1
    pipeline.unload_lora_weights()
    assert abs(drawn(pipeline, tiny.clip()) - plain).max() <= 1


class TrueNet(AnimateNet):
    """Knows what the clean latents are: some of the drawn face's features, frame by frame."""

    def forward(
        self, sample: Tensor, timestep: Tensor, conditions: Conditions, *_: object, **__: object
    ) -> Tensor:
        alpha = small.scheduler().alphas_cumprod[timestep]
        clean = conditions.structure[:, : tiny.CHANNELS]
        return (alpha.sqrt() * sample - clean) / (1 - alpha).sqrt()


def test_a_network_that_is_right_draws_no_seam_between_windows() -> None:
    pipeline = tiny.pipeline()
    net = TrueNet(tiny.UNET, tiny.AUDIO, structure_channels=tiny.STEM)
    pipeline.animate_net = tiny.wake(net).eval()
    clip, steps = tiny.clip(14), replace(FAST, steps=4)
    at_once = drawn(pipeline, clip, replace(steps, window=14))
    in_windows = drawn(pipeline, clip, replace(steps, window=6, overlap=3))
    assert at_once.std() > 5
    assert abs(at_once - in_windows).max() <= 1


def test_windows_drawn_side_by_side_draw_no_seam_either() -> None:
    pipeline = tiny.pipeline()
    net = TrueNet(tiny.UNET, tiny.AUDIO, structure_channels=tiny.STEM)
    pipeline.animate_net = tiny.wake(net).eval()
    clip = tiny.clip(17)
    at_once = drawn(pipeline, clip, replace(FAST, steps=4, window=17))
    for together in (2, 3, 9):  # groups of several, the last of fewer, all in one
        side_by_side = replace(FAST, steps=4, window=6, overlap=3, together=together)
        assert abs(drawn(pipeline, clip, side_by_side) - at_once).max() <= 1


class DriftingNet(TrueNet):
    """Draws each window brighter than the one before."""

    windows = 0.0

    def forward(
        self, sample: Tensor, timestep: Tensor, conditions: Conditions, *_: object, **__: object
    ) -> Tensor:
        if timestep == 999:
            self.windows += 1
        alpha = small.scheduler().alphas_cumprod[timestep]
        return (alpha.sqrt() * sample - self.windows) / (1 - alpha).sqrt()


def test_where_windows_disagree_one_fades_into_the_next() -> None:
    pipeline = tiny.pipeline()
    net = DriftingNet(tiny.UNET, tiny.AUDIO, structure_channels=tiny.STEM)
    pipeline.animate_net = net.eval()
    seen: list[Tensor] = []
    decode = pipeline.vae.decode
    pipeline.vae.decode = lambda z: seen.append(z.mean((1, 2, 3))) or decode(z)
    drawn(pipeline, tiny.clip(9), replace(FAST, window=6, overlap=3))
    brightness = torch.cat(seen) * pipeline.vae.config.scaling_factor
    expected = torch.tensor([1, 1, 1, 1.25, 1.5, 1.75, 2, 2, 2])
    torch.testing.assert_close(brightness, expected, rtol=1e-3, atol=1e-3)


@dataclass
class EndlessTalk:
    """Makes each scene when it is asked for it, and counts what it was asked for."""

    frames: int
    most: int = 0

    def scene(self, start: int, stop: int) -> Scene:
        self.most = max(self.most, stop - start)
        return tiny.clip(stop - start).drive.scene(0, stop - start)


def test_a_long_clip_takes_no_more_memory_than_a_short_one(
    pipeline: PortraitTalkPipeline,
) -> None:
    def peak(frames: int) -> int:
        clip, most = replace(tiny.clip(), drive=EndlessTalk(frames)), 0
        for number, _ in enumerate(pipeline.stream(clip, replace(FAST, steps=1))):
            if number % 8 != 5:
                continue
            alive = {
                each.untyped_storage().data_ptr(): each.untyped_storage().nbytes()
                for each in gc.get_objects()
                if issubclass(type(each), Tensor)  # isinstance wakes deprecated objects up
            }
            most = max(most, sum(alive.values()))
        assert clip.drive.most == FAST.window
        return most

    short, long = peak(8), peak(32)
    assert long <= short * 1.02


def test_frames_stream_before_the_clip_is_drawn(pipeline: PortraitTalkPipeline) -> None:
    steps: list[int] = []

    def count(_: object, step: int, *__: object) -> dict[str, Tensor]:
        steps.append(step)
        return {}

    frames = pipeline.stream(tiny.clip(12), FAST, callback_on_step_end=count)
    next(frames)
    assert steps == [0, 1]  # those of the first window
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("clip", "sampling", "says"),
    [
        (tiny.clip(0), FAST, "no frames"),
        (tiny.clip(portraits=0), FAST, "no portrait"),
        (with_parts(torch.zeros(0, 2, tiny.SIDE, tiny.SIDE)), FAST, "differ in number"),
        (with_parts(torch.zeros(1, 2, 8, 8)), FAST, "differ in size"),
        (with_blinks(torch.zeros(0, 3, tiny.SIDE, tiny.SIDE)), FAST, "differ in number"),
        (with_blinks(torch.zeros(1, 3, 8, 8)), FAST, "differ in size"),
        (tiny.clip(), replace(FAST, window=33), "at most 32"),
        (tiny.clip(), replace(FAST, overlap=4), "overlap by 4"),
        (tiny.clip(), replace(FAST, steps=0), "one step"),
        (tiny.clip(), replace(FAST, few_steps=True, steps=60), "50 steps at most"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is_drawn(
    pipeline: PortraitTalkPipeline, clip: Clip, sampling: Sampling, says: str
) -> None:
    with pytest.raises(ClipUnusable) as refused:
        pipeline.stream(clip, sampling)
    assert says in f"{refused.value} {refused.value.remedy}"
    assert refused.value.remedy


def test_a_vae_of_other_networks_is_refused(pipeline: PortraitTalkPipeline) -> None:
    other = PortraitTalkPipeline(**{**pipeline.components, "vae": tiny.vae(latent_channels=8)})
    with pytest.raises(ClipUnusable, match="8 channels"):
        other(tiny.clip(), FAST)


def test_noise_predicting_networks_are_drawn_with_as_well(pipeline: PortraitTalkPipeline) -> None:
    """Stable Diffusion 1.5 predicts noise."""
    older = DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, steps_offset=1)
    other = PortraitTalkPipeline(**{**pipeline.components, "scheduler": older})
    assert drawn(other, tiny.clip(9)).shape == (9, tiny.SIDE, tiny.SIDE, 3)
