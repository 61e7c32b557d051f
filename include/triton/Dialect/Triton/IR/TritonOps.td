//===- TritonOps.td - all ops of dialect tt -------------------------------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONOPS_TD
#define TRITON_DIALECT_TRITON_IR_TRITONOPS_TD

include "triton/Dialect/Triton/IR/TritonFuncOps.td"

#endif // TRITON_DIALECT_TRITON_IR_TRITONOPS_TD
