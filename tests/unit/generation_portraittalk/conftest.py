"""Networks of PortraitTalk so small that a test of them takes no time: the real classes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.denoiser import Denoiser, Inputs
from generation.portraittalk.identity_net import IdentityNet
from tests.unit.generation_portraittalk import tiny


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _card(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("There is no CUDA card here: what it would show is not tested.")


@pytest.fixture
def animate_net() -> AnimateNet:
    return tiny.animate_net()


@pytest.fixture
def identity_net() -> IdentityNet:
    return tiny.identity_net()


@pytest.fixture
def denoiser(animate_net: AnimateNet, identity_net: IdentityNet) -> Denoiser:
    return Denoiser(animate_net, identity_net).eval()


@pytest.fixture
def inputs() -> Inputs:
    return tiny.inputs()
