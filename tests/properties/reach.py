"""Which services there are, and which of them the commands of the walk come to.

Nothing is listed by hand: services are the public functions of every ``services`` module, tasks
those that Celery knows, and what a command comes to is read from the code that it is made of.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from celery import current_app

import rakkan
from tests.properties.proving import Proving

_ROOT = Path(rakkan.__file__).parent
_ASKED = ("rakkan.", "tests.properties.", "tests.integration.people")  # what commands are made of


def services() -> dict[str, FunctionType]:
    """Every public function that a services module defines, by its name below ``rakkan``."""
    paths = [*_ROOT.glob("*/services/**/*.py"), *_ROOT.glob("*/services.py")]
    found: dict[str, FunctionType] = {}
    for path in sorted(paths):
        name = ".".join(path.relative_to(_ROOT).with_suffix("").parts)
        module = importlib.import_module(f"rakkan.{name.removesuffix('.__init__')}")
        for key, value in vars(module).items():
            function = _plain(value)
            own = function is not None and function.__module__ == module.__name__
            if function is not None and own and not key.startswith("_"):
                found[f"{name}.{key}"] = function
    return found


def tasks() -> dict[str, FunctionType]:
    """Every background task of ours, by its name."""
    current_app.loader.import_default_modules()
    known = {name: _plain(task) for name, task in current_app.tasks.items()}
    return {name: task for name, task in known.items() if task and name.startswith("rakkan.")}


def reached() -> set[FunctionType]:
    """Every function that a command of the walk, or what it calls, names."""
    classes = [one for one in Proving.__mro__ if one.__module__.startswith("tests.properties.")]
    edge = [function for one in classes for function in _methods(one)]
    seen: set[FunctionType] = set()
    while edge:
        function = edge.pop()
        if function not in seen:
            seen.add(function)
            edge += _named(function)
    return seen


def _named(function: FunctionType) -> Iterator[FunctionType]:
    """The functions, and those of the classes and modules, whose names stand in a function."""
    names = set(_names(function.__code__))
    values = [function.__globals__[name] for name in names if name in function.__globals__]
    values += [sys.modules[name] for name in names if name in sys.modules]  # imported within
    for module in filter(inspect.ismodule, list(values)):
        values += [vars(module)[name] for name in names if name in vars(module)]
    for value in values:
        plain = _plain(value)
        for each in _methods(value) if inspect.isclass(value) else [plain] if plain else []:
            if each.__module__.startswith(_ASKED):
                yield each


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
        elif isinstance(constant, str) and constant.startswith("rakkan."):
            yield constant  # of a module, perhaps: for importlib


def _methods(cls: type) -> list[FunctionType]:
    found = [_plain(getattr(value, "__func__", value)) for value in vars(cls).values()]
    return [function for function in found if function is not None]


def _plain(value: Any) -> FunctionType | None:
    """The function itself, below its decorators or its task."""
    if hasattr(value, "delay") and hasattr(value, "run"):
        value = value.run
    value = inspect.unwrap(getattr(value, "__func__", value)) if callable(value) else None
    return value if isinstance(value, FunctionType) else None
