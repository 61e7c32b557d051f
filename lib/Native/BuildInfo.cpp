//===- BuildInfo.cpp - what this library is, and what it can run ----------===//

#include "triton-tle-c/TritonTLE.h"
#include "triton/InitAllDialects.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <elf.h>
#include <link.h>

using namespace mlir;

namespace {

/// Calls `visit` on name and default of each option in the textual form of a
/// pass: "flag{first=1 second={a b}}".
void forEachOption(StringRef text,
                   function_ref<void(StringRef, StringRef)> visit) {
  size_t open = text.find('{');
  if (open == StringRef::npos)
    return;
  text = text.slice(open + 1, text.rfind('}'));
  while (true) {
    text = text.ltrim();
    auto [name, rest] = text.split('=');
    if (name.empty())
      return;
    int depth = 0;
    size_t end = 0;
    for (; end < rest.size() && (depth > 0 || rest[end] != ' '); ++end)
      depth += rest[end] == '{' ? 1 : rest[end] == '}' ? -1 : 0;
    visit(name, rest.take_front(end));
    text = rest.drop_front(end);
  }
}

llvm::json::Array getOptions(StringRef flag, const PassInfo *info) {
  llvm::json::Array options;
  MLIRContext context(MLIRContext::Threading::DISABLED);
  PassManager manager(&context, ModuleOp::getOperationName(),
                      PassManager::Nesting::Implicit);
  auto ignore = [](const Twine &) { return failure(); };
  if (failed(info->addToPipeline(manager, "", ignore)))
    return options;
  std::string text;
  llvm::raw_string_ostream os(text);
  manager.printAsTextualPipeline(os);
  // The manager wraps the pass: builtin.module(...flag{...}...)
  size_t start = StringRef(text).find(flag);
  if (start == std::string::npos)
    return options;
  forEachOption(
      StringRef(text).drop_front(start), [&](StringRef name, StringRef value) {
        options.push_back(
            llvm::json::Object{{"name", name.str()}, {"default", value.str()}});
      });
  return options;
}

std::string listPasses() {
  triton::registerTritonTLEPasses();
  // MLIR's registry cannot be enumerated, but its command line parser makes
  // an option of every entry.
  PassPipelineCLParser parser("", "passes");
  llvm::json::Array passes;
  std::vector<StringRef> flags;
  for (auto &entry : llvm::cl::getRegisteredOptions())
    flags.push_back(entry.first);
  llvm::sort(flags);
  for (StringRef flag : flags) {
    if (const PassInfo *info = PassInfo::lookup(flag))
      passes.push_back(
          llvm::json::Object{{"flag", flag.str()},
                             {"summary", info->getPassDescription().str()},
                             {"options", getOptions(flag, info)}});
    else if (const PassPipelineInfo *info = PassPipelineInfo::lookup(flag))
      passes.push_back(
          llvm::json::Object{{"flag", flag.str()},
                             {"summary", info->getPassDescription().str()},
                             {"options", llvm::json::Array()}});
  }
  return llvm::formatv("{0}", llvm::json::Value(std::move(passes))).str();
}

/// The build id that the linker computes from the library's contents.
std::string getBuildId() {
  struct Search {
    uintptr_t address;
    std::string id;
  } search{reinterpret_cast<uintptr_t>(&tritonTLEBuildInfo), ""};
  dl_iterate_phdr(
      [](dl_phdr_info *object, size_t, void *data) {
        auto &search = *static_cast<Search *>(data);
        bool ours = false;
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const auto &segment = object->dlpi_phdr[i];
          uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
          ours |= segment.p_type == PT_LOAD && search.address >= begin &&
                  search.address < begin + segment.p_memsz;
        }
        if (!ours)
          return 0;
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const auto &segment = object->dlpi_phdr[i];
          if (segment.p_type != PT_NOTE)
            continue;
          const char *note = reinterpret_cast<const char *>(object->dlpi_addr +
                                                            segment.p_vaddr);
          const char *end = note + segment.p_memsz;
          while (note + sizeof(ElfW(Nhdr)) <= end) {
            const auto *header = reinterpret_cast<const ElfW(Nhdr) *>(note);
            const char *name = note + sizeof(*header);
            const char *value = name + llvm::alignTo(header->n_namesz, 4);
            if (header->n_type == NT_GNU_BUILD_ID &&
                StringRef(name, header->n_namesz) == StringRef("GNU\0", 4))
              search.id = llvm::toHex(StringRef(value, header->n_descsz),
                                      /*LowerCase=*/true);
            note = value + llvm::alignTo(header->n_descsz, 4);
          }
        }
        return 1;
      },
      &search);
  return search.id;
}

TritonTLEString view(const std::string &text) {
  return {text.data(), text.size()};
}

} // namespace

TritonTLEString tritonTLEListPasses() {
  static const std::string text = listPasses();
  return view(text);
}

TritonTLEString tritonTLEBuildInfo() {
#ifdef __TLE__
  constexpr bool hasTLE = true;
#else
  constexpr bool hasTLE = false;
#endif
  static const std::string text =
      llvm::formatv("{0}", llvm::json::Value(llvm::json::Object{
                               {"version", TRITON_TLE_VERSION},
                               {"llvm_version", LLVM_VERSION_STRING},
                               {"tle", hasTLE},
                               {"digest", getBuildId()}}))
          .str();
  return view(text);
}
