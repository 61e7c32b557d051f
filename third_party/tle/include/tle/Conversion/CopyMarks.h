//===- CopyMarks.h - comments around copies with an eviction policy -------===//

#ifndef TLE_CONVERSION_COPYMARKS_H
#define TLE_CONVERSION_COPYMARKS_H

#include "llvm/ADT/StringRef.h"

namespace mlir::triton::tle {

constexpr llvm::StringLiteral kEvictFirst = "// copies, evict_first";
constexpr llvm::StringLiteral kEvictLast = "// copies, evict_last";
constexpr llvm::StringLiteral kEndOfCopies = "// end of copies";

} // namespace mlir::triton::tle

#endif // TLE_CONVERSION_COPYMARKS_H
