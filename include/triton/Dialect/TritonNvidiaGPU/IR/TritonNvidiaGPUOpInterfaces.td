//===- TritonNvidiaGPUOpInterfaces.td - interfaces of dialect ttng --------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUOPINTERFACES_TD
#define TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUOPINTERFACES_TD

include "mlir/IR/OpBase.td"

def TTNG_MMAv5OpInterface : OpInterface<"MMAv5OpInterface"> {
  let cppNamespace = "::mlir::triton::nvidia_gpu";
  let description = [{
    What the plain and the block-scaled tcgen05 product share: an accumulator in
    tensor memory, a flag that says whether it is read, a predicate, and
    mbarriers that track completion.
  }];
  let methods = [
    InterfaceMethod<"The left operand.", "::mlir::TypedValue<::mlir::triton::gpu::MemDescType>", "getA">,
    InterfaceMethod<"The right operand.", "::mlir::TypedValue<::mlir::triton::gpu::MemDescType>", "getB">,
    InterfaceMethod<"The accumulator.", "::mlir::TypedValue<::mlir::triton::gpu::MemDescType>", "getAccumulator">,
    InterfaceMethod<"False: the product overwrites the accumulator.", "::mlir::Value", "useAccumulator">,
    InterfaceMethod<"False: nothing happens.", "::mlir::Value", "getPredicate">,
    InterfaceMethod<"Token of the accumulator's last write, or null.", "::mlir::Value", "getAccDep">,
    InterfaceMethod<"Token of this product, or null.", "::mlir::Value", "getToken">,
    InterfaceMethod<"Barriers that the product arrives on.", "::mlir::ValueRange", "getCompletionBarriers">,
    InterfaceMethod<"One predicate a barrier.", "::mlir::ValueRange", "getCompletionBarrierPreds">,
    InterfaceMethod<"Whether the op returns before the product is done.", "bool", "isAsync">
  ];
  let verify = [{
    return ::mlir::triton::nvidia_gpu::impl::verifyMMAv5($_op);
  }];
}

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUOPINTERFACES_TD
