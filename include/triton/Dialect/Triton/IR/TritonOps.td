//===- TritonOps.td - all ops of dialect tt -------------------------------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONOPS_TD
#define TRITON_DIALECT_TRITON_IR_TRITONOPS_TD

include "triton/Dialect/Triton/IR/TritonDescriptorOps.td"
include "triton/Dialect/Triton/IR/TritonElementwiseOps.td"
include "triton/Dialect/Triton/IR/TritonFuncOps.td"
include "triton/Dialect/Triton/IR/TritonMemoryOps.td"
include "triton/Dialect/Triton/IR/TritonProgramOps.td"
include "triton/Dialect/Triton/IR/TritonReduceOps.td"
include "triton/Dialect/Triton/IR/TritonShapeOps.td"

#endif // TRITON_DIALECT_TRITON_IR_TRITONOPS_TD
