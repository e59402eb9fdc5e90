"""The vocabulary of our own, which has to be the same wherever it is made."""

from __future__ import annotations

import torch

from generation.portraittalk.text import encode, states_of_nothing, tokenizer_of
from tests.unit.generation_portraittalk import tiny

TEXTS = ["A smiling person, in warm light", "a sad person before a blue wall"]


def test_every_known_word_is_one_token_and_others_are_still_read() -> None:
    tokenizer = tokenizer_of(TEXTS, 8)
    assert tokenizer.tokenize("Smiling person") == ["smiling</w>", "person</w>"]
    spelled = tokenizer.tokenize("purple")
    assert "".join(spelled) == "purple</w>"
    assert tokenizer.unk_token not in tokenizer.tokenize("紫の壁, naïve 3!")


def test_it_is_the_same_whatever_the_order_of_the_texts_and_the_process() -> None:
    made = tokenizer_of(TEXTS, 8).get_vocab()
    assert made == tokenizer_of(reversed(TEXTS), 8).get_vocab()
    tail = sorted(tokenizer_of(["bab ab"], 8).get_vocab().items(), key=lambda pair: pair[1])[512:]
    assert tail == [
        ("ab</w>", 512), ("bab</w>", 513), ("<|startoftext|>", 514), ("<|endoftext|>", 515),
    ]  # fmt: skip


def test_long_prompts_are_cut_and_short_ones_filled() -> None:
    tokenizer, encoder = tiny.text_parts()
    with torch.inference_mode():
        states = encode(tokenizer, encoder, ["a " * 50, "sad"])
    assert states.shape == (2, 5, tiny.TOKEN)
    assert states_of_nothing(tokenizer, encoder).shape == (1, 5, tiny.TOKEN)
