#include "tle/IR/Dialect.h"

#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::triton::tle;
using namespace mlir::triton::gpu;

/// `values` with element i taken from position order[i].
template <typename T>
static SmallVector<T> permuted(ArrayRef<T> values, ArrayRef<int32_t> order) {
  return llvm::map_to_vector(order, [&](int32_t from) { return values[from]; });
}

static bool isIdentity(ArrayRef<int32_t> order) {
  return llvm::all_of(llvm::enumerate(order), [](auto entry) {
    return entry.value() == static_cast<int32_t>(entry.index());
  });
}

//===----------------------------------------------------------------------===//
// MemDescWGMMAViewOp
//===----------------------------------------------------------------------===//

FailureOr<MemDescType> MemDescWGMMAViewOp::inferResultType(
    MemDescType src, ArrayRef<int32_t> order,
    function_ref<InFlightDiagnostic()> emitError) {
  if (!isInSharedMemory(src))
    return emitError() << "views a tile in shared memory, but the source is "
                       << src;
  if (src.getRank() != 2)
    return emitError() << "views a matrix (a WGMMA operand has rank 2), but "
                          "the source has rank "
                       << src.getRank();
  bool isPermutation = order.size() == 2 &&
                       (isIdentity(order) || (order[0] == 1 && order[1] == 0));
  if (!isPermutation)
    return emitError()
           << "needs an order that is a permutation of [0, 1], but got ["
           << order << "]";
  auto layout = dyn_cast<NVMMASharedEncodingAttr>(src.getEncoding());
  if (!layout)
    return emitError() << "needs a tile in an nvmma_shared layout (the one "
                          "that WGMMA descriptors can express), but "
                          "the source's layout is "
                       << src.getEncoding();
  if (isIdentity(order))
    return src;

  Attribute transposed;
  auto &rules = cast<DialectInferLayoutInterface>(layout.getDialect());
  if (failed(rules.inferTransOpEncoding(layout, src.getShape(), order,
                                        transposed, std::nullopt)))
    return emitError() << "finds no layout for the transpose of " << src;
  // Only the last dimensions are permuted: an allocation may have more of them
  // in front than its view.
  ArrayRef<int64_t> alloc = src.getAllocShape();
  SmallVector<int64_t> allocShape(alloc.drop_back(2));
  llvm::append_range(allocShape, permuted(alloc.take_back(2), order));
  return MemDescType::get(permuted(src.getShape(), order), src.getElementType(),
                          transposed, src.getMemorySpace(),
                          src.getMutableMemory(), allocShape);
}

void MemDescWGMMAViewOp::build(OpBuilder &builder, OperationState &state,
                               Value src, ArrayRef<int32_t> order) {
  auto emitError = [&] {
    return mlir::emitError(state.location, "tle.memdesc_wgmma_view ");
  };
  FailureOr<MemDescType> type =
      inferResultType(cast<MemDescType>(src.getType()), order, emitError);
  assert(succeeded(type) && "the caller checks the source and the order");
  build(builder, state, *type, src, order);
}

LogicalResult MemDescWGMMAViewOp::verify() {
  auto emitError = [&] { return emitOpError(); };
  auto src = cast<MemDescType>(getSrc().getType());
  FailureOr<MemDescType> expected = inferResultType(src, getOrder(), emitError);
  if (failed(expected))
    return failure();
  if (*expected != getResult().getType())
    return emitOpError() << "with order [" << getOrder() << "] gives "
                         << *expected << ", but the result is declared as "
                         << getResult().getType();
  return success();
}

OpFoldResult MemDescWGMMAViewOp::fold(FoldAdaptor) {
  if (isIdentity(getOrder()))
    return getSrc();

  Value inner;
  ArrayRef<int32_t> innerOrder;
  if (auto view = getSrc().getDefiningOp<MemDescWGMMAViewOp>()) {
    inner = view.getSrc();
    innerOrder = view.getOrder();
  } else if (auto trans = getSrc().getDefiningOp<MemDescTransOp>()) {
    inner = trans.getSrc();
    innerOrder = trans.getOrder();
  } else {
    return {};
  }
  SmallVector<int32_t> composed = permuted(innerOrder, getOrder());
  if (isIdentity(composed) && inner.getType() == getResult().getType())
    return inner;
  auto ignore = [&] { return InFlightDiagnostic(); };
  FailureOr<MemDescType> type =
      inferResultType(cast<MemDescType>(inner.getType()), composed, ignore);
  if (failed(type) || *type != getResult().getType())
    return {};
  getSrcMutable().assign(inner);
  setOrder(composed);
  return getResult();
}

//===----------------------------------------------------------------------===//
// WGMMASharedOperandFenceOp
//===----------------------------------------------------------------------===//

LogicalResult WGMMASharedOperandFenceOp::verify() {
  for (auto [position, type] : llvm::enumerate(getOperands().getTypes()))
    if (!isInSharedMemory(cast<MemDescType>(type)))
      return emitOpError() << "orders operands in shared memory, but operand "
                           << position << " is " << type;
  return success();
}
