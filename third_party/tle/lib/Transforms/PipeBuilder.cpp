//===- PipeBuilder.cpp - makes pipes and their steps ----------------------===//

#include "tle/Transforms/PipeBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

Value PipeBuilder::constant(int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, value, 32);
}

Attribute PipeBuilder::plainLayout(unsigned rank) {
  SmallVector<unsigned> order;
  for (unsigned dim = rank; dim-- > 0;)
    order.push_back(dim);
  MLIRContext *context = builder.getContext();
  return ttg::SwizzledSharedEncodingAttr::get(
      context, /*vec=*/1, /*perPhase=*/1, /*maxPhase=*/1, order,
      ttg::CGAEncodingAttr::getDefault(context, rank));
}

Attribute PipeBuilder::productLayout(ShapedType type) {
  MLIRContext *context = builder.getContext();
  return ttg::NVMMASharedEncodingAttr::get(
      context, type.getShape(), {1, 0},
      ttg::CGAEncodingAttr::getDefault(context, 2), type.getElementType(),
      /*fp4Padded=*/false);
}

Value PipeBuilder::allocate(ArrayRef<int64_t> shape, Type element,
                            Attribute layout) {
  auto space = ttg::SharedMemorySpaceAttr::get(builder.getContext());
  auto type = ttg::MemDescType::get(shape, element, layout, space,
                                    /*mutableMemory=*/true);
  return ttg::LocalAllocOp::create(builder, loc, type);
}

Value PipeBuilder::createPipe(ArrayRef<Value> fields, int64_t slots,
                              const Twine &name, StringRef reader,
                              bool oneShot) {
  Value barriers = allocate({oneShot ? slots : 2 * slots, 1},
                            builder.getI64Type(), plainLayout(/*rank=*/1));
  PipeCreateOp::create(
      builder, loc, barriers, fields, builder.getStringAttr(name),
      builder.getStrArrayAttr({reader}), builder.getBoolAttr(oneShot));
  return barriers;
}

Value PipeBuilder::getSlotNumber(Value number, int64_t slots) {
  if (!llvm::isPowerOf2_64(slots))
    return arith::RemUIOp::create(builder, loc, number, constant(slots));
  return arith::AndIOp::create(builder, loc, number, constant(slots - 1));
}

Value PipeBuilder::createGoesOn(scf::ForOp loop) {
  // What is left is more than no step: as an unsigned number it cannot
  // overflow.
  Value left = arith::SubIOp::create(builder, loc, loop.getUpperBound(),
                                     loop.getInductionVar());
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ugt, left,
                               loop.getStep());
}

scf::ForOp PipeBuilder::createAlike(scf::ForOp loop, ValueRange inits,
                                    IRMapping &mapping) {
  auto created = scf::ForOp::create(
      builder, loc, mapping.lookupOrDefault(loop.getLowerBound()),
      mapping.lookupOrDefault(loop.getUpperBound()),
      mapping.lookupOrDefault(loop.getStep()), inits);
  created->setAttrs(loop->getAttrDictionary());
  mapping.map(loop.getInductionVar(), created.getInductionVar());
  if (!created.getBody()->empty())
    created.getBody()->back().erase();
  return created;
}

scf::ForOp PipeBuilder::addCounter(scf::ForOp loop) {
  IRRewriter rewriter(loop);
  NamedAttrList attributes(loop->getDiscardableAttrDictionary());
  Value zero =
      arith::ConstantIntOp::create(rewriter, loop.getLoc(), /*value=*/0, 32);
  auto created = cast<scf::ForOp>(
      loop.replaceWithAdditionalYields(
              rewriter, zero, /*replaceInitOperandUsesInLoop=*/false,
              [](OpBuilder &, Location, ArrayRef<BlockArgument> arguments) {
                return SmallVector<Value>{arguments.front()};
              })
          ->getOperation());
  created->setDiscardableAttrs(attributes.getDictionary(loop.getContext()));
  return created;
}

Value PipeBuilder::createAnyNotOne(Value vector) {
  auto type = cast<RankedTensorType>(vector.getType());
  Value ones = arith::ConstantOp::create(
      builder, loc,
      SplatElementsAttr::get(type,
                             builder.getFloatAttr(type.getElementType(), 1.0)));
  Value differs = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE,
                                        vector, ones);
  Value words = arith::ExtUIOp::create(
      builder, loc, type.clone(builder.getI32Type()), differs);
  auto reduce = ReduceOp::create(builder, loc, ValueRange{words}, 0);
  {
    OpBuilder::InsertionGuard guard(builder);
    Type word = builder.getI32Type();
    Block *block = builder.createBlock(&reduce.getCombineOp(), {}, {word, word},
                                       {loc, loc});
    Value either = arith::OrIOp::create(builder, loc, block->getArgument(0),
                                        block->getArgument(1));
    ReduceReturnOp::create(builder, loc, either);
  }
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                               reduce.getResult()[0], constant(0));
}

Value PipeBuilder::getView(Value ring, Value slot) {
  auto type = cast<ttg::MemDescType>(ring.getType());
  auto view = ttg::MemDescType::get(
      type.getShape().drop_front(), type.getElementType(), type.getEncoding(),
      type.getMemorySpace(), /*mutableMemory=*/true);
  return ttg::MemDescIndexOp::create(builder, loc, view, ring, slot);
}
