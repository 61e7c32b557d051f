//===- PipeBuilder.h - makes pipes and their steps --------------*- C++ -*-===//
//
// What passes have in common that divide a kernel into partitions, before
// tensors get layouts.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_PIPEBUILDER_H
#define TLE_TRANSFORMS_PIPEBUILDER_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "tle/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {

class PipeBuilder {
protected:
  PipeBuilder(Operation *before, Location loc) : builder(before), loc(loc) {}

  OpBuilder builder;
  Location loc;

  Value constant(int64_t value);

  /// A layout without swizzle.
  Attribute plainLayout(unsigned rank);

  /// The layout in which products read a matrix like `type`.
  Attribute productLayout(ShapedType type);

  Value allocate(ArrayRef<int64_t> shape, Type element, Attribute layout);

  /// Makes a pipe with one reader; returns its barriers.
  Value createPipe(ArrayRef<Value> fields, int64_t slots, const Twine &name,
                   StringRef reader, bool oneShot);

  /// Where tile `number` lies in a ring of `slots`.
  Value getSlotNumber(Value number, int64_t slots);

  /// Where the body of `loop` stands: whether one more iteration follows.
  Value createGoesOn(scf::ForOp loop);

  /// Makes `loop` once more, for what `mapping` has of its bounds, with other
  /// carried values and an empty body.
  scf::ForOp createAlike(scf::ForOp loop, ValueRange inits, IRMapping &mapping);

  /// Lets `loop` carry one number more, which begins with 0; returns the new
  /// loop. The number of the next iteration is the same until it is set.
  static scf::ForOp addCounter(scf::ForOp loop);

  /// Whether an element of `vector`, of floats, is something else than 1.
  Value createAnyNotOne(Value vector);

  /// A slot of a ring.
  Value getView(Value ring, Value slot);

  void acquire(Value barriers, Value number) {
    PipeAcquireOp::create(builder, loc, barriers, number);
  }
  void commit(Value barriers, Value number) {
    PipeCommitOp::create(builder, loc, barriers, number);
  }
  void wait(Value barriers, Value number, StringRef reader) {
    PipeWaitOp::create(builder, loc, barriers, number,
                       builder.getStringAttr(reader));
  }
  void release(Value barriers, Value number, StringRef reader) {
    PipeReleaseOp::create(builder, loc, barriers, number,
                          builder.getStringAttr(reader));
  }
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_PIPEBUILDER_H
