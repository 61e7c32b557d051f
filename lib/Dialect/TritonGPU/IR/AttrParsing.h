//===- AttrParsing.h - reading `{name = value, ...}` ------------*- C++ -*-===//

#ifndef TRITON_LIB_DIALECT_TRITONGPU_IR_ATTRPARSING_H
#define TRITON_LIB_DIALECT_TRITONGPU_IR_ATTRPARSING_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpImplementation.h"
#include "triton/Dialect/TritonGPU/IR/Attributes.h"

namespace mlir::triton::gpu::text {

/// Reads a dictionary field by field. The first violation is reported, and
/// every later call is a no-op; `finish` says whether all went well.
class FieldReader {
public:
  /// Parses the dictionary itself.
  explicit FieldReader(AsmParser &parser);

  void required(StringRef name, unsigned &value) {
    read(name, value, /*optional=*/false);
  }
  void required(StringRef name, bool &value) {
    read(name, value, /*optional=*/false);
  }
  void required(StringRef name, SmallVectorImpl<unsigned> &value) {
    read(name, value, /*optional=*/false);
  }
  /// `value` keeps what it holds if the field is absent; returns its presence.
  bool optional(StringRef name, unsigned &value) {
    return read(name, value, /*optional=*/true);
  }
  bool optional(StringRef name, bool &value) {
    return read(name, value, /*optional=*/true);
  }
  bool optional(StringRef name, SmallVectorImpl<unsigned> &value) {
    return read(name, value, /*optional=*/true);
  }
  /// Takes the field without looking at it; null if absent.
  Attribute take(StringRef name);
  /// `[[0, 1], [2, 0]]`. Every entry has the same length; nullopt if absent.
  std::optional<std::vector<LinearLayout::Basis>> bases(StringRef name,
                                                        bool optional = false);
  /// The cluster part of a layout of rank `rank`.
  CGAEncodingAttr cgaLayout(unsigned rank);

  /// Reports fields that nobody asked for.
  LogicalResult finish();
  bool failed() const { return hasFailed; }
  void fail(const Twine &message);

private:
  bool read(StringRef name, unsigned &value, bool optional);
  bool read(StringRef name, bool &value, bool optional);
  bool read(StringRef name, SmallVectorImpl<unsigned> &value, bool optional);
  Attribute lookup(StringRef name, bool optional);

  AsmParser &parser;
  SMLoc loc;
  DictionaryAttr fields;
  SmallVector<StringRef> taken;
  bool hasFailed = false;
};

/// Prints `[a, b]`.
void printList(AsmPrinter &printer, ArrayRef<unsigned> values);
/// Prints `[[a, b], [c, d]]`.
void printBases(AsmPrinter &printer, ArrayRef<LinearLayout::Basis> bases);

/// Whether `order` holds 0 to rank-1, each once.
bool isPermutation(ArrayRef<unsigned> order);

} // namespace mlir::triton::gpu::text

#endif // TRITON_LIB_DIALECT_TRITONGPU_IR_ATTRPARSING_H
