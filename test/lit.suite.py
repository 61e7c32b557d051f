"""The lit suite of TritonTLE: MLIR files with RUN lines under test/ and third_party/tle/test/.

Features: ``tle`` (built with TLE), ``stock`` (the official triton can be imported).
"""

import importlib.util
import os

import lit.formats

config.name = "TritonTLE"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = config.source_root
config.test_exec_root = os.path.join(config.build_root, "test")

folders = {"test"}
if config.enable_tle:
    folders.add("third_party")
    config.available_features.add("tle")
config.excludes = [name for name in os.listdir(config.source_root) if name not in folders] + ["Inputs"]

if importlib.util.find_spec("triton"):
    config.available_features.add("stock")


def _tool(name, folder):
    config.substitutions.append((rf"(?<![\w/.-]){name}(?![\w/.-])", os.path.join(folder, name)))


for name in ("FileCheck", "not", "split-file"):
    _tool(name, config.llvm_tools)
_tool("tle-opt", os.path.join(config.build_root, "bin"))
driver = os.path.join(config.source_root, "bin", "triton-opt")
config.substitutions.append((r"(?<![\w/.-])triton-opt(?![\w/.-])", f"{config.python} {driver}"))
config.substitutions.append((r"%python", config.python))

config.environment["PYTHONPATH"] = os.path.join(config.source_root, "python")
for name in ("HOME", "TRITON_CACHE_DIR"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
