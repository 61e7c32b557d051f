"""A native library to test the compiler's Python side with: its passes do what stock's do, or nothing."""

import types

from triton._C.libtriton import ir, nvidia
from triton_tle.compiler import bridge, environment, pipeline, stock
from triton_tle.compiler.pipelines import NATIVE, Pass, Settings, tle_passes


class NativeError(Exception):
    def __init__(self, diagnostics):
        super().__init__("pass failed")
        self.diagnostics = diagnostics


def diagnostic(severity, message, file="", line=0, column=0, notes=(), pass_flag=""):
    return types.SimpleNamespace(
        severity=severity,
        pass_flag=pass_flag,
        message=message,
        file=file,
        line=line,
        column=column,
        notes=list(notes),
    )


class StandIn:
    """Answers to the contract of ``triton_tle._native``; notes in ``calls`` which pipelines it was given."""

    NativeError = NativeError

    def __init__(self, digest="stand-in", flags=None, fails=None, says=()):
        self.calls, self.digest, self.fails, self.says = [], digest, fails, list(says)
        self.remarks = []
        self.flags = pipeline().native_flags() if flags is None else flags

    def build_info(self):
        return {"version": "0", "llvm_version": "22", "tle": True, "digest": self.digest}

    def list_passes(self):
        return [{"flag": flag, "summary": "does nothing", "options": []} for flag in self.flags]

    def run_passes(self, text, passes, *, name="module", print_after_all=False, generic=False, remarks=""):
        self.remarks.append(remarks)
        self.calls.append(passes)
        if self.fails:
            raise NativeError([self.fails])
        known = [entry for stage in ("ttgir", "llir") for entry in tle_passes(stage, Settings())]
        context = ir.context()
        ir.load_dialects(context)
        nvidia.load_dialects(context)
        module = bridge.parse(text, context)
        for entry in split(passes):
            assert any(entry.flag == other.flag and other.engine == NATIVE for other in known), entry
            if entry.flag in stock.REGISTRY:
                manager = ir.pass_manager(context)
                theirs = stock.lookup(entry.flag)
                names = {option.name for option in theirs.options}
                theirs.add_to(manager, {name: value for name, value in entry.options if name in names})
                manager.run(module, name)
        return str(module), self.says


def split(passes):
    """The passes of a textual pipeline, options typed as the registry of stock passes says."""
    for text in passes.split(","):
        flag, _, options = text.rstrip("}").partition("{")
        kinds = {option.name: option for option in getattr(stock.REGISTRY.get(flag), "options", ())}
        pairs = (item.split("=", 1) for item in options.split())
        yield Pass(
            NATIVE, flag, tuple((name, kinds[name].parse(value) if name in kinds else value) for name, value in pairs)
        )


def use_library(monkeypatch, library):
    """Make ``library`` the native library of this process, and forget what was known of another."""
    monkeypatch.setattr(bridge, "native", lambda: library)
    bridge.native_passes.cache_clear()
    environment.digest.cache_clear()
    return library
