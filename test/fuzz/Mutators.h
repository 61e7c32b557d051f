//===- Mutators.h - changed modules for the fuzzer --------------*- C++ -*-===//

#ifndef TRITON_TLE_TEST_FUZZ_MUTATORS_H
#define TRITON_TLE_TEST_FUZZ_MUTATORS_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <random>
#include <string>

namespace mlir::triton::fuzz {

using Random = std::minstd_rand;

/// A number below `bound`, or 0 if that is 0.
inline size_t pick(Random &random, size_t bound) {
  return bound == 0 ? 0 : random() % bound;
}

/// A number that tends to be a border of something, perhaps next to `old`.
int64_t pickInteger(Random &random, int64_t old);

/// Changes a valid module a little. The result may be invalid: who calls this
/// verifies it.
void mutateModule(ModuleOp module, Random &random);

/// `text` with numbers, types, attributes, names or lines changed, mostly the
/// same way in all places so that types keep fitting. The result may not parse.
std::string mutateText(llvm::StringRef text, Random &random);

/// `text` with a function of `other` in it.
std::string spliceText(llvm::StringRef text, llvm::StringRef other,
                       Random &random);

} // namespace mlir::triton::fuzz

#endif // TRITON_TLE_TEST_FUZZ_MUTATORS_H
