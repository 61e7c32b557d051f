//===- TritonNvidiaGPUDialect.td - dialect ttng ---------------------------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUDIALECT_TD
#define TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUDIALECT_TD

include "mlir/IR/OpBase.td"

def TritonNvidiaGPU_Dialect : Dialect {
  let name = "ttng";
  let cppNamespace = "::mlir::triton::nvidia_gpu";
  let summary = "What only NVIDIA GPUs from Hopper on have";
  let description = [{
    Dialect `ttng` in the textual format of Triton 3.6.0: asynchronous matrix
    products (WGMMA of Hopper, tcgen05 of Blackwell), mbarriers, bulk tensor
    copies (TMA), tensor memory, proxy fences and cluster barriers.
  }];
  let dependentDialects = ["::mlir::triton::TritonDialect", "::mlir::triton::gpu::TritonGPUDialect"];
  let extraClassDeclaration = [{
    void registerAttrs();
    void registerOps();
  }];
  let useDefaultAttributePrinterParser = 1;
}

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUDIALECT_TD
