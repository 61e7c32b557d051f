//===- TritonTLE.cpp - runs passes on text --------------------------------===//

#include "triton-tle-c/TritonTLE.h"

#include "Diagnostics.h"
#include "StockText.h"
#include "triton/InitAllDialects.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/raw_ostream.h"
#include <ctime>
#include <mutex>

using namespace mlir;

struct TritonTLEResult {
  struct PassTime {
    std::string flag;
    double seconds;
  };

  bool succeeded = false;
  std::string text;
  std::vector<TritonTLEDiagnostic> diagnostics;
  std::vector<PassTime> passTimes;
};

namespace {

StringRef toRef(TritonTLEString text) { return {text.data, text.size}; }

TritonTLEString view(const std::string &text) {
  return {text.data(), text.size()};
}

void addError(TritonTLEResult &result, std::string message) {
  TritonTLEDiagnostic diagnostic;
  diagnostic.message = std::move(message);
  result.diagnostics.push_back(std::move(diagnostic));
}

bool hasError(const TritonTLEResult &result) {
  return llvm::any_of(result.diagnostics, [](const auto &diagnostic) {
    return diagnostic.severity == TRITON_TLE_ERROR;
  });
}

/// Time that this thread has had on a processor. Other work on the machine
/// does not count, as it would on a clock on the wall.
double threadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

/// Notes which pass runs, and for how long.
class PassRecorder : public PassInstrumentation {
public:
  PassRecorder(std::string &step, TritonTLEResult &result)
      : step(step), result(result) {}

  void runBeforePass(Pass *pass, Operation *) override {
    step = ("pass '" + pass->getArgument() + "'").str();
    starts.push_back(threadSeconds());
  }
  void runAfterPass(Pass *pass, Operation *) override {
    double seconds = threadSeconds() - starts.pop_back_val();
    // What leads a pass to each function has no flag; the pass has one entry
    // for all functions.
    if (pass->getArgument().empty())
      return;
    auto [place, isNew] = places.try_emplace(pass, result.passTimes.size());
    if (isNew)
      result.passTimes.push_back({pass->getArgument().str(), 0.0});
    result.passTimes[place->second].seconds += seconds;
  }

private:
  std::string &step;
  TritonTLEResult &result;
  SmallVector<double> starts; // of passes within passes
  llvm::DenseMap<Pass *, size_t> places;
};

/// Signal handlers of LLVM's crash recovery, for as long as any run is on.
class CrashRecoveryScope {
public:
  CrashRecoveryScope() {
    std::lock_guard<std::mutex> lock(mutex);
    if (users++ == 0)
      llvm::CrashRecoveryContext::Enable();
  }
  ~CrashRecoveryScope() {
    std::lock_guard<std::mutex> lock(mutex);
    if (--users == 0)
      llvm::CrashRecoveryContext::Disable();
  }

private:
  static inline std::mutex mutex;
  static inline int users = 0;
};

/// `step` says, at any time, what is going on.
LogicalResult run(TritonTLEResult &result, StringRef ir, StringRef pipeline,
                  StringRef name, unsigned flags, StringRef remarks,
                  std::string &step) {
  // One module at a time is too little work for threads.
  MLIRContext context(triton::getTritonTLERegistry(),
                      MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  triton::DiagnosticCollector collector(&context, result.diagnostics);

  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      triton::makeStockTextReadable(ir), ParserConfig(&context), name);
  if (!module)
    return failure();

  std::string error;
  if (!remarks.empty() && failed(triton::collectRemarks(
                              context, remarks, result.diagnostics, error))) {
    addError(result, "remarks '" + remarks.str() + "': " + error);
    return failure();
  }
  PassManager manager(&context, ModuleOp::getOperationName(),
                      PassManager::Nesting::Implicit);
  manager.enableVerifier(!(flags & TRITON_TLE_NO_VERIFIER));
  manager.addInstrumentation(std::make_unique<PassRecorder>(step, result));
  llvm::raw_string_ostream errorStream(error);
  if (!pipeline.empty() &&
      failed(parsePassPipeline(pipeline, manager, errorStream))) {
    addError(result, "pipeline '" + pipeline.str() +
                         "': " + StringRef(error).trim().str());
    return failure();
  }
  if (flags & TRITON_TLE_PRINT_AFTER_ALL)
    manager.enableIRPrinting([](Pass *, Operation *) { return false; },
                             [](Pass *, Operation *) { return true; },
                             /*printModuleScope=*/true,
                             /*printAfterOnlyOnChange=*/false);
  if (failed(manager.run(*module)))
    return failure();

  step = "the printer";
  OpPrintingFlags printing;
  printing.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
  if (flags & TRITON_TLE_GENERIC)
    printing.printGenericOpForm();
  llvm::raw_string_ostream stream(result.text);
  module->print(stream, printing);
  return success();
}

} // namespace

TritonTLEResult *tritonTLERunPasses(TritonTLEString ir,
                                    TritonTLEString pipeline,
                                    TritonTLEString name, unsigned flags,
                                    TritonTLEString remarks) {
  auto *result = new TritonTLEResult();
  // A crash of a pass must not take the user's process along. What it leaves
  // behind leaks.
  std::string step = "the parser";
  LogicalResult outcome = failure();
  CrashRecoveryScope scope;
  llvm::CrashRecoveryContext recovery;
  if (!recovery.RunSafely([&] {
        outcome = run(*result, toRef(ir), toRef(pipeline), toRef(name), flags,
                      toRef(remarks), step);
      }))
    addError(*result, step + " crashed on '" + toRef(name).str() +
                          "': this is a defect of TritonTLE, not of the "
                          "program");
  result->succeeded = succeeded(outcome);
  if (!result->succeeded) {
    result->text.clear();
    if (!hasError(*result))
      addError(*result, step + " failed without saying why");
  }
  return result;
}

int tritonTLEResultSucceeded(const TritonTLEResult *result) {
  return result->succeeded;
}

TritonTLEString tritonTLEResultText(const TritonTLEResult *result) {
  return view(result->text);
}

size_t tritonTLEResultNumDiagnostics(const TritonTLEResult *result) {
  return result->diagnostics.size();
}

const TritonTLEDiagnostic *
tritonTLEResultDiagnostic(const TritonTLEResult *result, size_t index) {
  return &result->diagnostics[index];
}

size_t tritonTLEResultNumPassTimes(const TritonTLEResult *result) {
  return result->passTimes.size();
}

TritonTLEString tritonTLEResultPassFlag(const TritonTLEResult *result,
                                        size_t index) {
  return view(result->passTimes[index].flag);
}

double tritonTLEResultPassSeconds(const TritonTLEResult *result, size_t index) {
  return result->passTimes[index].seconds;
}

void tritonTLEResultDestroy(TritonTLEResult *result) { delete result; }

TritonTLESeverity
tritonTLEDiagnosticSeverity(const TritonTLEDiagnostic *diagnostic) {
  return diagnostic->severity;
}

TritonTLEString
tritonTLEDiagnosticMessage(const TritonTLEDiagnostic *diagnostic) {
  return view(diagnostic->message);
}

TritonTLEString tritonTLEDiagnosticPass(const TritonTLEDiagnostic *diagnostic) {
  return view(diagnostic->pass);
}

TritonTLEString tritonTLEDiagnosticFile(const TritonTLEDiagnostic *diagnostic) {
  return view(diagnostic->file);
}

unsigned tritonTLEDiagnosticLine(const TritonTLEDiagnostic *diagnostic) {
  return diagnostic->line;
}

unsigned tritonTLEDiagnosticColumn(const TritonTLEDiagnostic *diagnostic) {
  return diagnostic->column;
}

size_t tritonTLEDiagnosticNumNotes(const TritonTLEDiagnostic *diagnostic) {
  return diagnostic->notes.size();
}

const TritonTLEDiagnostic *
tritonTLEDiagnosticNote(const TritonTLEDiagnostic *diagnostic, size_t index) {
  return &diagnostic->notes[index];
}
