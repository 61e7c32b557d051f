//===- OpSyntax.h - custom directives of ttng's assembly formats -*- C++
//-*-===//

#ifndef TRITON_LIB_DIALECT_TRITONNVIDIAGPU_IR_OPSYNTAX_H
#define TRITON_LIB_DIALECT_TRITONNVIDIAGPU_IR_OPSYNTAX_H

#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

namespace mlir::triton::nvidia_gpu {

/// `[%dep]` where the op returns a token, `[]` for a token without a
/// predecessor, nothing without a token.
ParseResult parseToken(OpAsmParser &parser,
                       std::optional<OpAsmParser::UnresolvedOperand> &dep,
                       Type &token);
void printToken(OpAsmPrinter &printer, Operation *op, Value dep, Type token);

/// `, %bar[%pred]` for each barrier.
ParseResult
parseBarriersAndPreds(OpAsmParser &parser,
                      SmallVectorImpl<OpAsmParser::UnresolvedOperand> &barriers,
                      SmallVectorImpl<OpAsmParser::UnresolvedOperand> &preds);
void printBarriersAndPreds(OpAsmPrinter &printer, Operation *op,
                           OperandRange barriers, OperandRange preds);

/// Fails unless `type`, which the op calls `name`, describes one mbarrier.
LogicalResult verifyBarrierType(Operation *op, StringRef name,
                                gpu::MemDescType type);

/// Fails unless `type`, which the op calls `name`, lies in tensor memory and
/// has a layout of tensor memory.
LogicalResult verifyTensorMemory(Operation *op, StringRef name,
                                 gpu::MemDescType type);

} // namespace mlir::triton::nvidia_gpu

#endif // TRITON_LIB_DIALECT_TRITONNVIDIAGPU_IR_OPSYNTAX_H
