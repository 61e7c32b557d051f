//===- Fuzz.cpp - libFuzzer on the parser and the native passes -----------===//
//
// An input is a line with a pass pipeline, then a module:
//
//     triton-tle-lower-wgmma-views,canonicalize
//     module { ... }
//
// A finding is a crash, what a sanitizer reports, or a printed module that does
// not parse again. Diagnostics are no findings; with TLE_FUZZ_STRICT set, the
// verifier's about what a pass made are.
//
// TLE_FUZZ_STATISTICS names a file to which counts are appended, one line of
// numbers for each few inputs: inputs, parsed, reached a pass, succeeded.
//
//===----------------------------------------------------------------------===//

#include "Mutators.h"
#include "triton/InitAllDialects.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

using namespace mlir;
using namespace mlir::triton::fuzz;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {

/// A context that is quiet and replaced from time to time: types that inputs
/// make stay in it.
MLIRContext &getContext() {
  static std::unique_ptr<MLIRContext> context;
  static unsigned uses = 0;
  if (!context || ++uses % 128 == 0) {
    context.reset();
    context = std::make_unique<MLIRContext>(triton::getTritonTLERegistry(),
                                            MLIRContext::Threading::DISABLED);
    context->getDiagEngine().registerHandler([](Diagnostic &) {});
    context->printOpOnDiagnostic(false);
    // Tests of the lit suite use such ops, so they are among the seeds.
    context->allowUnregisteredDialects();
  }
  return *context;
}

struct Statistics {
  size_t inputs = 0, parsed = 0, reached = 0, succeeded = 0;

  ~Statistics() { flush(); }

  void flush() {
    const char *path = std::getenv("TLE_FUZZ_STATISTICS");
    if (FILE *file = path && inputs ? std::fopen(path, "a") : nullptr) {
      std::fprintf(file, "%zu %zu %zu %zu\n", inputs, parsed, reached,
                   succeeded);
      std::fclose(file);
    }
    inputs = parsed = reached = succeeded = 0;
  }
} statistics;

[[noreturn]] void report(const Twine &what) {
  llvm::errs() << "tle-fuzz: " << what << "\n";
  std::abort();
}

/// Checks the module behind every pass.
struct Checker : public PassInstrumentation {
  void runAfterPass(Pass *pass, Operation *op) override {
    std::string why;
    ScopedDiagnosticHandler handler(op->getContext(), [&](Diagnostic &text) {
      why = text.str();
      return success();
    });
    if (failed(verify(op)))
      report("pass '" + pass->getArgument() +
             "' left an invalid module: " + why);
  }
};

std::pair<StringRef, StringRef> splitInput(const uint8_t *data, size_t size) {
  return StringRef(reinterpret_cast<const char *>(data), size).split('\n');
}

/// Whether an access to a field of an LLVM struct names a position of ten
/// digits or more. LLVM's parser compares positions with the number of fields
/// in 32 bits and reads past the fields where only the upper half is not zero.
bool hasWidePosition(StringRef text) {
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  return llvm::any_of(lines, [](StringRef line) {
    size_t name = line.find("extractvalue");
    if (name == StringRef::npos)
      name = line.find("insertvalue");
    StringRef rest = line.substr(name);
    while (!rest.empty()) {
      rest = rest.drop_until(llvm::isDigit);
      StringRef digits = rest.take_while(llvm::isDigit);
      if (digits.size() >= 10)
        return true;
      rest = rest.drop_front(digits.size());
    }
    return false;
  });
}

/// Whether a value is named by a result number of seven digits or more. MLIR's
/// parser makes a list as long as the number, which takes all memory.
bool hasHugeResultNumber(StringRef text) {
  for (size_t at = text.find('#'); at != StringRef::npos;
       at = text.find('#', at + 1))
    if (text.drop_front(at + 1).take_while(llvm::isDigit).size() >= 7)
      return true;
  return false;
}

/// The lexer wants a null behind the text, which an input does not have.
OwningOpRef<ModuleOp> parse(StringRef text, MLIRContext &context) {
  if (hasWidePosition(text) || hasHugeResultNumber(text))
    return nullptr;
  return parseSourceString<ModuleOp>(text.str(), ParserConfig(&context));
}

std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text;
}

/// Flags of all passes that are registered.
ArrayRef<std::string> getFlags() {
  static const auto *flags = [] {
    (void)triton::getTritonTLERegistry();
    PassPipelineCLParser parser("", "passes");
    auto *result = new std::vector<std::string>();
    for (auto &entry : llvm::cl::getRegisteredOptions())
      if (PassInfo::lookup(entry.first))
        result->push_back(entry.first.str());
    llvm::sort(*result);
    return result;
  }();
  return *flags;
}

std::string mutatePipeline(StringRef pipeline, Random &random) {
  ArrayRef<std::string> flags = getFlags();
  const std::string &flag = flags[pick(random, flags.size())];
  switch (pick(random, 3)) {
  case 0:
    return flag;
  case 1:
    return (pipeline + "," + flag).str();
  default:
    return mutateText(pipeline, random);
  }
}

size_t copyOut(const std::string &input, uint8_t *data, size_t maxSize) {
  size_t size = std::min(input.size(), maxSize);
  std::memcpy(data, input.data(), size);
  return size;
}

} // namespace

extern "C" __attribute__((visibility("default"))) int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto [pipeline, text] = splitInput(data, size);
  if (++statistics.inputs >= 500)
    statistics.flush();
  MLIRContext &context = getContext();
  OwningOpRef<ModuleOp> module = parse(text, context);
  if (!module)
    return -1; // no start for mutations: they work on modules
  ++statistics.parsed;
  PassManager manager(&context, ModuleOp::getOperationName(),
                      PassManager::Nesting::Implicit);
  static const bool strict = std::getenv("TLE_FUZZ_STRICT");
  manager.enableVerifier(!strict);
  if (strict)
    manager.addInstrumentation(std::make_unique<Checker>());
  if (failed(parsePassPipeline(pipeline, manager, llvm::nulls())))
    return -1;
  ++statistics.reached;
  if (failed(manager.run(*module)))
    return 0;
  ++statistics.succeeded;
  if (!parse(print(*module), context))
    report("what '" + pipeline + "' made does not parse again");
  return 0;
}

extern "C" __attribute__((visibility("default"))) size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize,
                        unsigned seed) {
  Random random(seed);
  auto [pipeline, text] = splitInput(data, size);
  std::string line = pipeline.str();
  if (pick(random, 12) == 0)
    line = mutatePipeline(pipeline, random);
  switch (pick(random, 8)) {
  case 0:
    return LLVMFuzzerMutate(data, size, maxSize);
  case 1:
  case 2:
    break;
  default:
    for (unsigned tries = 0; tries < 3; ++tries) {
      OwningOpRef<ModuleOp> module = parse(text, getContext());
      if (!module)
        break;
      mutateModule(*module, random);
      if (failed(verify(*module)))
        continue;
      std::string printed = line + "\n" + print(*module);
      if (printed.size() <= maxSize)
        return copyOut(printed, data, maxSize);
    }
  }
  return copyOut(line + "\n" + mutateText(text, random), data, maxSize);
}

extern "C" __attribute__((visibility("default"))) size_t
LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t firstSize,
                          const uint8_t *second, size_t secondSize,
                          uint8_t *out, size_t maxSize, unsigned seed) {
  Random random(seed);
  auto [pipeline, text] = splitInput(first, firstSize);
  auto [otherPipeline, other] = splitInput(second, secondSize);
  std::string line = (pick(random, 2) ? pipeline : otherPipeline).str();
  std::string joined =
      pick(random, 2) ? text.str() : spliceText(text, other, random);
  return copyOut(line + "\n" + joined, out, maxSize);
}
