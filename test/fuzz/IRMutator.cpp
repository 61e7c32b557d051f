//===- IRMutator.cpp - changes modules as IR ------------------------------===//

#include "Mutators.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::triton::fuzz;

int64_t mlir::triton::fuzz::pickInteger(Random &random, int64_t old) {
  static constexpr int64_t borders[] = {
      0,  1,  2,  3,   4,   5,   7,    8,       12,         16,
      24, 32, 64, 128, 256, 512, 1024, 1 << 16, INT32_MAX,  INT32_MIN,
      -1, -2, 33, 63,  127, 90,  80,   100,     1ull << 40, INT64_MAX};
  switch (pick(random, 6)) {
  case 0:
    return old + 1;
  case 1:
    return old - 1;
  case 2:
    return int64_t(uint64_t(old) * 2);
  case 3:
    return old / 2;
  default:
    return borders[pick(random, std::size(borders))];
  }
}

namespace {

/// Operations of the module but for the module itself.
SmallVector<Operation *> getOperations(ModuleOp module) {
  SmallVector<Operation *> operations;
  module->walk([&](Operation *op) {
    if (op != module)
      operations.push_back(op);
  });
  return operations;
}

/// Values of a type that are visible at `op`.
SmallVector<Value> getVisible(Operation *op, Type type, Value but) {
  SmallVector<Value> values;
  auto take = [&](Value value) {
    if (value.getType() == type && value != but)
      values.push_back(value);
  };
  for (Operation *at = op; at && at->getBlock(); at = at->getParentOp()) {
    for (Operation &earlier : *at->getBlock()) {
      if (&earlier == at)
        break;
      llvm::for_each(earlier.getResults(), take);
    }
    llvm::for_each(at->getBlock()->getArguments(), take);
    if (at->hasTrait<OpTrait::IsIsolatedFromAbove>())
      break;
  }
  return values;
}

bool replaceOperand(Operation *op, Random &random) {
  if (op->getNumOperands() == 0)
    return false;
  OpOperand &operand = op->getOpOperand(pick(random, op->getNumOperands()));
  SmallVector<Value> values =
      getVisible(op, operand.get().getType(), operand.get());
  if (values.empty())
    return false;
  operand.set(values[pick(random, values.size())]);
  return true;
}

bool swapOperands(Operation *op, Random &random) {
  if (op->getNumOperands() < 2)
    return false;
  unsigned i = pick(random, op->getNumOperands());
  unsigned j = pick(random, op->getNumOperands());
  Value first = op->getOperand(i);
  op->setOperand(i, op->getOperand(j));
  op->setOperand(j, first);
  return i != j;
}

bool eraseOperation(Operation *op, Random &random) {
  if (op->hasTrait<OpTrait::IsTerminator>())
    return false;
  for (Value result : op->getResults()) {
    if (result.use_empty())
      continue;
    SmallVector<Value> values = getVisible(op, result.getType(), result);
    if (values.empty())
      return false;
    result.replaceAllUsesWith(values[pick(random, values.size())]);
  }
  op->erase();
  return true;
}

/// A copy of the operation, which takes over one of its uses.
bool cloneOperation(Operation *op, Random &random) {
  if (op->hasTrait<OpTrait::IsTerminator>() || isa<FunctionOpInterface>(op))
    return false;
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  Operation *copy = builder.clone(*op);
  for (auto [result, copied] : llvm::zip(op->getResults(), copy->getResults()))
    if (!result.use_empty() && pick(random, 2))
      result.use_begin()->set(copied);
  // As far down as it does not pass a use.
  for (unsigned steps = pick(random, 4); steps > 0; --steps) {
    Operation *next = copy->getNextNode();
    if (!next || next->hasTrait<OpTrait::IsTerminator>())
      break;
    copy->moveAfter(next);
  }
  return true;
}

bool moveOperation(Operation *op, Random &random) {
  Operation *other = pick(random, 2) ? op->getNextNode() : op->getPrevNode();
  if (!other || op->hasTrait<OpTrait::IsTerminator>() ||
      other->hasTrait<OpTrait::IsTerminator>())
    return false;
  if (op->isBeforeInBlock(other))
    op->moveAfter(other);
  else
    op->moveBefore(other);
  return true;
}

/// Another attribute of the same kind, or null.
Attribute changed(Attribute attribute, Random &random) {
  Builder builder(attribute.getContext());
  if (auto boolean = dyn_cast<BoolAttr>(attribute))
    return builder.getBoolAttr(!boolean.getValue());
  if (auto integer = dyn_cast<IntegerAttr>(attribute)) {
    if (integer.getType().isIndex())
      return builder.getIndexAttr(pickInteger(random, integer.getInt()));
    unsigned width = integer.getType().getIntOrFloatBitWidth();
    if (width > 64)
      return {};
    int64_t old = integer.getValue().getSExtValue();
    return IntegerAttr::get(
        integer.getType(),
        APInt(64, pickInteger(random, old), true).sextOrTrunc(width));
  }
  if (auto array = dyn_cast<DenseI32ArrayAttr>(attribute)) {
    SmallVector<int32_t> values(array.asArrayRef());
    if (values.empty())
      return {};
    int32_t &value = values[pick(random, values.size())];
    value = static_cast<int32_t>(pickInteger(random, value));
    return DenseI32ArrayAttr::get(attribute.getContext(), values);
  }
  if (auto splat = dyn_cast<SplatElementsAttr>(attribute)) {
    auto type = dyn_cast<IntegerType>(splat.getElementType());
    if (!type || type.getWidth() > 64)
      return {};
    int64_t old = splat.getSplatValue<APInt>().getSExtValue();
    return DenseElementsAttr::get(
        splat.getType(),
        APInt(64, pickInteger(random, old), true).sextOrTrunc(type.getWidth()));
  }
  return {};
}

bool changeAttribute(Operation *op, Random &random) {
  SmallVector<NamedAttribute> attributes(op->getAttrs());
  if (attributes.empty())
    return false;
  NamedAttribute named = attributes[pick(random, attributes.size())];
  // Sizes of operand groups are no business of a user of the IR.
  if (named.getName().strref().contains("egmentSizes"))
    return false;
  if (Attribute other = changed(named.getValue(), random)) {
    op->setAttr(named.getName(), other);
    if (op->getAttr(named.getName()))
      return true;
    op->setAttr(named.getName(), named.getValue());
  }
  if (op->getDiscardableAttr(named.getName()) && pick(random, 3) == 0) {
    op->removeDiscardableAttr(named.getName());
    return true;
  }
  return false;
}

/// An attribute that an operation of the same kind has.
bool copyAttribute(Operation *op, ArrayRef<Operation *> operations,
                   Random &random) {
  SmallVector<Operation *> alike;
  for (Operation *other : operations)
    if (other != op && other->getName() == op->getName())
      alike.push_back(other);
  if (alike.empty())
    return false;
  Operation *from = alike[pick(random, alike.size())];
  SmallVector<NamedAttribute> attributes(from->getAttrs());
  if (attributes.empty())
    return false;
  NamedAttribute named = attributes[pick(random, attributes.size())];
  if (named.getName().strref().contains("egmentSizes"))
    return false;
  Attribute before = op->getAttr(named.getName());
  op->setAttr(named.getName(), named.getValue());
  return before != named.getValue();
}

/// What passes look for on an operation.
bool addAttribute(Operation *op, Random &random) {
  static constexpr StringRef names[] = {"tt.num_stages",
                                        "tt.divisibility",
                                        "tt.contiguity",
                                        "tt.constancy",
                                        "tle.tile_style_pipeline",
                                        "tt.latency",
                                        "loop.stage",
                                        "loop.cluster",
                                        "tt.scheduled_max_stage",
                                        "tt.warp_specialize"};
  Builder builder(op->getContext());
  StringRef name = names[pick(random, std::size(names))];
  Attribute value;
  if (pick(random, 6) == 0)
    value = builder.getUnitAttr();
  else
    value =
        builder.getI32IntegerAttr(static_cast<int32_t>(pickInteger(random, 2)));
  op->setDiscardableAttr(name, value);
  return true;
}

/// The body of a function of one block, put into a function of another dialect
/// or right into the module: passes may not take either for granted.
bool moveBody(Operation *op, Random &random) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function || !isa<ModuleOp>(op->getParentOp()) ||
      !llvm::hasSingleElement(function.getFunctionBody()))
    return false;
  Block &body = function.getFunctionBody().front();
  Location loc = op->getLoc();
  Operation *terminator = body.getTerminator();
  OpBuilder builder(op);
  if (pick(random, 2)) {
    op->getContext()->loadDialect<func::FuncDialect>();
    auto other = func::FuncOp::create(
        builder, loc, function.getName(),
        builder.getFunctionType(body.getArgumentTypes(),
                                terminator->getOperandTypes()));
    builder.setInsertionPoint(terminator);
    func::ReturnOp::create(builder, loc, terminator->getOperands());
    terminator->erase();
    other.getBody().takeBody(function.getFunctionBody());
  } else {
    terminator->erase();
    for (BlockArgument argument : body.getArguments())
      argument.replaceAllUsesWith(
          UnrealizedConversionCastOp::create(builder, loc, argument.getType(),
                                             ValueRange())
              .getResult(0));
    op->getBlock()->getOperations().splice(op->getIterator(),
                                           body.getOperations());
  }
  op->erase();
  return true;
}

bool mutateOnce(ModuleOp module, Random &random) {
  SmallVector<Operation *> operations = getOperations(module);
  if (operations.empty())
    return false;
  Operation *op = operations[pick(random, operations.size())];
  switch (pick(random, 12)) {
  case 0:
  case 1:
  case 2:
    return replaceOperand(op, random);
  case 3:
    return swapOperands(op, random);
  case 4:
  case 5:
    return eraseOperation(op, random);
  case 6:
    return cloneOperation(op, random);
  case 7:
    return moveOperation(op, random);
  case 8:
  case 9:
    return changeAttribute(pick(random, 8) ? op : module.getOperation(),
                           random);
  case 10:
    return copyAttribute(op, operations, random);
  default:
    if (pick(random, 4) == 0)
      return moveBody(op, random);
    return pick(random, 3) == 0 && addAttribute(op, random);
  }
}

} // namespace

void mlir::triton::fuzz::mutateModule(ModuleOp module, Random &random) {
  unsigned wanted = 1 + pick(random, 4);
  for (unsigned tries = 0; wanted > 0 && tries < 24; ++tries)
    wanted -= mutateOnce(module, random);
}
