"""The registry of stock passes against libtriton itself."""

import inspect
import re

import pytest
from triton._C.libtriton import ir, nvidia, passes
from triton_tle.compiler import stock


@pytest.fixture
def context():
    ctx = ir.context()
    ir.load_dialects(ctx)
    nvidia.load_dialects(ctx)
    return ctx


def _bindings(module, prefix):
    for name in dir(module):
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield from _bindings(value, f"{prefix}.{name}")
        elif name.startswith("add_"):
            yield f"{prefix}.{name}"


def test_every_binding_has_a_flag():
    bound = set(_bindings(passes, "passes")) | set(_bindings(nvidia.passes, "nvidia.passes"))
    assert {entry.binding for entry in stock.REGISTRY.values()} == bound
    assert len(stock.REGISTRY) == len(bound)


def _described(pass_manager):
    """(flag, {option: text}) of the only pass in ``pass_manager``, as MLIR prints it."""
    text = pass_manager.get_pipeline_str()
    flag, options = re.fullmatch(r"any\(([\w-]+)(?:\{([^}]*)\})?\)", text).groups()
    return flag, dict(item.split("=", 1) for item in (options or "").split())


@pytest.mark.parametrize("entry", stock.REGISTRY.values(), ids=lambda entry: entry.flag)
def test_flag_and_options_are_those_mlir_prints(entry, context):
    manager = ir.pass_manager(context)
    # A value of its own for each option shows that none is passed in another's place.
    values = {}
    for index, option in enumerate(entry.options):
        values[option.name] = {int: 40 + index, bool: not option.default, str: "cuda:90"}[option.type]
    entry.add_to(manager, values)
    flag, printed = _described(manager)
    assert flag == entry.flag
    for name, value in values.items():
        assert printed[name] == (str(value).lower() if isinstance(value, bool) else str(value))


def test_defaults_are_used(context):
    manager = ir.pass_manager(context)
    stock.lookup("tritongpu-pipeline").add_to(manager, {})
    assert _described(manager) == ("tritongpu-pipeline", {"num-stages": "3", "dump-intermediate-steps": "false"})


def test_unknown_option_names_pass_and_option(context):
    with pytest.raises(ValueError, match="'tritongpu-pipeline' has no option 'stages'; it takes: num-stages"):
        stock.lookup("tritongpu-pipeline").add_to(ir.pass_manager(context), {"stages": 3})


def test_wrong_type_is_refused(context):
    with pytest.raises(TypeError, match="'num-stages' of pass 'tritongpu-pipeline' takes int, got True"):
        stock.lookup("tritongpu-pipeline").add_to(ir.pass_manager(context), {"num-stages": True})


def test_unknown_pass():
    with pytest.raises(KeyError, match="no pass 'triton-nothing'"):
        stock.lookup("triton-nothing")


@pytest.mark.parametrize(
    "option, text, value",
    [
        (stock.Option("n", int, 0), "0x10", 16),
        (stock.Option("b", bool, False), "true", True),
        (stock.Option("b", bool, True), "0", False),
        (stock.Option("s", str, ""), "cuda:90", "cuda:90"),
    ],
)
def test_parse(option, text, value):
    assert option.parse(text) == value


@pytest.mark.parametrize("kind, text", [(int, "three"), (bool, "yes")])
def test_parse_refuses(kind, text):
    with pytest.raises(ValueError, match=f"option 'x' takes .*, got '{text}'"):
        stock.Option("x", kind, 0).parse(text)
