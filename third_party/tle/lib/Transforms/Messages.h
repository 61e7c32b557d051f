//===- Messages.h - what messages of passes have in common ------*- C++ -*-===//

#ifndef TLE_TRANSFORMS_MESSAGES_H
#define TLE_TRANSFORMS_MESSAGES_H

#include "mlir/IR/Operation.h"
#include <string>

namespace mlir::triton::tle {

/// The name of `op` in quotes.
inline std::string quoted(Operation *op) {
  return "'" + op->getName().getStringRef().str() + "'";
}

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_MESSAGES_H
