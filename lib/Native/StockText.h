//===- StockText.h - text of stock's LLVM that ours cannot read --*- C++
//-*-===//

#ifndef TRITON_NATIVE_STOCKTEXT_H
#define TRITON_NATIVE_STOCKTEXT_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace mlir::triton {

/// The module `text` as stock Triton 3.6.0 prints it, in a form that MLIR 22.1
/// reads as the same module. Lines stay lines, so that locations in
/// diagnostics hold.
///
///     nvvm.barrier id = %a number_of_threads = %b loc(#l)
///
/// is valid there and here, but our parser takes `loc(#l)` for the attribute of
/// a reduction: the op becomes generic. And
///
///     %r = llvm.call_intrinsic "f"(%a) : (i32) -> !llvm.void
///
/// prints a result that no parser takes and nothing can use: it goes.
std::string makeStockTextReadable(llvm::StringRef text);

} // namespace mlir::triton

#endif // TRITON_NATIVE_STOCKTEXT_H
