"""The stub of the binary says what the binary has, name by name and parameter by parameter."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import microtome
from microtome import _microtome

STUB = Path(microtome.__file__).with_name("_microtome.pyi")


def public(names: Any) -> set[str]:
    """Leave out what is private."""
    return {name for name in names if not name.startswith("_")}


def parameters(function: ast.FunctionDef) -> list[tuple[str, bool, bool]]:
    """Name each parameter but `self`: with whether it has a default, and whether it needs its name."""
    given = function.args
    positional = [(argument.arg, False) for argument in given.args if argument.arg != "self"]
    defaults = [False] * (len(positional) - len(given.defaults)) + [True] * len(given.defaults)
    named = [(argument.arg, default is not None) for argument, default in zip(given.kwonlyargs, given.kw_defaults)]
    first = [(name, default, only) for (name, only), default in zip(positional, defaults)]
    return first + [(name, default, True) for name, default in named]


def real_parameters(thing: Any) -> list[tuple[str, bool, bool]]:
    """Do the same for a function of the binary."""
    found = inspect.signature(thing).parameters.values()
    return [(one.name, one.default is not one.empty, one.kind is one.KEYWORD_ONLY) for one in found if one.name != "self"]


def test_the_stub_says_what_the_binary_has() -> None:
    tree = ast.parse(STUB.read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert public(classes) | public(functions) == public(dir(_microtome))
    for name, function in functions.items():
        assert parameters(function) == real_parameters(getattr(_microtome, name)), name
    for name, node in classes.items():
        kind = getattr(_microtome, name)
        said = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
        attributes = {one.target.id for one in node.body if isinstance(one, ast.AnnAssign)}
        assert public(said) | attributes == public(dir(kind)), name
        for method, function in said.items():
            is_property = any(getattr(mark, "id", "") == "property" for mark in function.decorator_list)
            real = kind if method == "__init__" else getattr(kind, method)
            if is_property:
                assert not callable(real), f"{name}.{method}"
            else:
                assert parameters(function) == real_parameters(real), f"{name}.{method}"
