//===- TritonNvidiaGPUOpBase.td - what all ops of dialect ttng share ------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUOPBASE_TD
#define TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUOPBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "triton/Dialect/Triton/IR/TritonOpBase.td"
include "triton/Dialect/Triton/IR/TritonOpInterfaces.td"
include "triton/Dialect/TritonGPU/IR/TritonGPUTypes.td"
include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUAttrs.td"
include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUDialect.td"
include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUOpInterfaces.td"

class TTNG_Op<string mnemonic, list<Trait> traits = []>
    : Op<TritonNvidiaGPU_Dialect, mnemonic, !listconcat(traits, [TT_VerifyTensorLayouts])>;

def TTNG_TensorOrMemDesc : AnyTypeOf<[AnyRankedTensor, TTG_MemDescType], "ranked tensor or memory descriptor">;

def TTNG_SharedMemory : Resource<"::mlir::triton::gpu::SharedMemory">;
def TTNG_TensorMemory : Resource<"::mlir::triton::nvidia_gpu::TensorMemory">;

// Operands by what the op does to the memory behind them.
class TTNG_Effect<Constraint type, list<OpVariableDecorator> effects> : Arg<type, "", effects>;
def TTNG_SharedRead : TTNG_Effect<TTG_MemDescType, [MemRead<TTNG_SharedMemory>]>;
def TTNG_SharedWrite : TTNG_Effect<TTG_MemDescType, [MemWrite<TTNG_SharedMemory>]>;
def TTNG_SharedReadWrite
    : TTNG_Effect<TTG_MemDescType, [MemRead<TTNG_SharedMemory>, MemWrite<TTNG_SharedMemory>]>;
def TTNG_TensorMemRead : TTNG_Effect<TTG_MemDescType, [MemRead<TTNG_TensorMemory>]>;
def TTNG_TensorMemWrite : TTNG_Effect<TTG_MemDescType, [MemWrite<TTNG_TensorMemory>]>;
def TTNG_DescRead : TTNG_Effect<TT_TensorDescType, [MemRead<TT_GlobalMemory>]>;
def TTNG_DescReadWrite
    : TTNG_Effect<TT_TensorDescType, [MemRead<TT_GlobalMemory>, MemWrite<TT_GlobalMemory>]>;

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUOPBASE_TD
