"""Fixtures of the compiler's tests: a clean cache, TLE installed, a stand-in for the native library."""

import pytest
from stand_in import StandIn, use_library
from triton import knobs
from triton_tle import compiler
from triton_tle.compiler import bridge, environment


@pytest.fixture
def fresh_cache(tmp_path):
    with knobs.cache.scope():
        knobs.cache.dir = str(tmp_path / "cache")
        knobs.cache.dump_dir = str(tmp_path / "dump")
        yield tmp_path


@pytest.fixture
def tle(monkeypatch, fresh_cache):
    """TLE installed, over a stand-in; the fixture's value is the stand-in."""
    was_installed = compiler.installed()
    monkeypatch.delenv("TRITON_TLE", raising=False)
    monkeypatch.delenv("TRITON_TLE_SKIP", raising=False)
    monkeypatch.delenv("TRITON_TLE_REMARKS", raising=False)
    library = use_library(monkeypatch, StandIn())
    compiler.install()
    yield library
    compiler.install() if was_installed else compiler.uninstall()
    monkeypatch.undo()
    bridge.native_passes.cache_clear()
    environment.digest.cache_clear()
