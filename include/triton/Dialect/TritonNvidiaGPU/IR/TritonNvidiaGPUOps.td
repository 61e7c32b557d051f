//===- TritonNvidiaGPUOps.td - ops of dialect ttng ------------------------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUOPS_TD
#define TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUOPS_TD

include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUBarrierOps.td"
include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUMMAOps.td"
include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUTMAOps.td"
include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUTMEMOps.td"

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUOPS_TD
