//===- FuncOps.cpp - tt.func, tt.call, tt.return --------------------------===//

#include "mlir/Interfaces/FunctionImplementation.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace mlir::triton;

//===----------------------------------------------------------------------===//
// FuncOp
//===----------------------------------------------------------------------===//

void FuncOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                   FunctionType type, ArrayRef<NamedAttribute> attrs,
                   ArrayRef<DictionaryAttr> argAttrs) {
  state.addAttribute(SymbolTable::getSymbolAttrName(),
                     builder.getStringAttr(name));
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(type));
  state.attributes.append(attrs.begin(), attrs.end());
  state.addRegion();
  if (argAttrs.empty())
    return;
  assert(argAttrs.size() == type.getNumInputs());
  call_interface_impl::addArgAndResultAttrs(
      builder, state, argAttrs, /*resultAttrs=*/{},
      getArgAttrsAttrName(state.name), getResAttrsAttrName(state.name));
}

ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> inputs,
                      ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag, std::string &) {
    return builder.getFunctionType(inputs, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void FuncOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

static SmallPtrSet<Block *, 16> findReachable(Region &body) {
  SmallPtrSet<Block *, 16> reached{&body.front()};
  SmallVector<Block *> worklist{&body.front()};
  while (!worklist.empty())
    for (Block *next : worklist.pop_back_val()->getSuccessors())
      if (reached.insert(next).second)
        worklist.push_back(next);
  return reached;
}

/// An op that uses its own result, or null. Ops in `ended` lead to none; those
/// that `root` leads to are added to it.
static Operation *findCircle(Operation *root, DenseSet<Operation *> &ended) {
  // Ops on the way from `root`, each with the number of its next operand.
  SmallVector<std::pair<Operation *, unsigned>> way{{root, 0}};
  DenseSet<Operation *> onWay{root};
  while (!way.empty()) {
    auto &[op, number] = way.back();
    if (number == op->getNumOperands()) {
      onWay.erase(op);
      ended.insert(op);
      way.pop_back();
      continue;
    }
    Operation *def = op->getOperand(number++).getDefiningOp();
    if (!def || ended.contains(def))
      continue;
    if (!onWay.insert(def).second)
      return def;
    way.push_back({def, 0});
  }
  return nullptr;
}

/// An op that uses its own result in a block of `region` for which MLIR does
/// not ask what comes first, or null. `ended`: ops that lead to none.
static Operation *findCircle(Region &region, DenseSet<Operation *> &ended) {
  // Of an op that nobody knows, the region may be a graph.
  bool isOrdered = region.getParentOp()->isRegistered();
  if (region.empty() || (isOrdered && region.hasOneBlock()))
    return nullptr;
  SmallPtrSet<Block *, 16> reached = findReachable(region);
  for (Block &block : region) {
    if (isOrdered && reached.contains(&block))
      continue;
    for (Operation &op : block)
      if (Operation *circle =
              ended.contains(&op) ? nullptr : findCircle(&op, ended))
        return circle;
  }
  return nullptr;
}

LogicalResult FuncOp::verifyRegions() {
  DenseSet<Operation *> ended;
  Operation *circle = nullptr;
  (*this)->walk([&](Operation *op) {
    for (Region &region : op->getRegions())
      if (!circle)
        circle = findCircle(region, ended);
    return circle ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!circle)
    return success();
  return circle->emitOpError(
      "uses its own result, in a block that nothing reaches or that has no "
      "order");
}

//===----------------------------------------------------------------------===//
// CallOp
//===----------------------------------------------------------------------===//

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto function =
      symbols.lookupNearestSymbolFrom<FuncOp>(*this, getCalleeAttr());
  if (!function)
    return emitOpError("callee ")
           << getCalleeAttr() << " is no tt.func of this module";
  FunctionType expected = function.getFunctionType();
  auto actual =
      FunctionType::get(getContext(), getOperandTypes(), getResultTypes());
  if (expected != actual)
    return emitOpError("calls ")
           << getCalleeAttr() << " of type " << expected << " with " << actual;
  return success();
}

//===----------------------------------------------------------------------===//
// ReturnOp
//===----------------------------------------------------------------------===//

LogicalResult ReturnOp::verify() {
  auto function = cast<FuncOp>((*this)->getParentOp());
  ArrayRef<Type> results = function.getFunctionType().getResults();
  if (getNumOperands() != results.size())
    return emitOpError("returns ")
           << getNumOperands() << " values, @" << function.getName()
           << " declares " << results.size();
  for (auto [index, pair] :
       llvm::enumerate(llvm::zip_equal(getOperandTypes(), results)))
    if (std::get<0>(pair) != std::get<1>(pair))
      return emitOpError("operand #")
             << index << " has type " << std::get<0>(pair) << ", @"
             << function.getName() << " declares " << std::get<1>(pair);
  return success();
}
