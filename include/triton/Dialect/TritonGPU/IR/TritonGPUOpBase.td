//===- TritonGPUOpBase.td - what the ops of dialect ttg share -------------===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_TRITONGPUOPBASE_TD
#define TRITON_DIALECT_TRITONGPU_IR_TRITONGPUOPBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "triton/Dialect/Triton/IR/TritonOpBase.td"
include "triton/Dialect/Triton/IR/TritonOpInterfaces.td"
include "triton/Dialect/TritonGPU/IR/TritonGPUAttrDefs.td"
include "triton/Dialect/TritonGPU/IR/TritonGPUDialect.td"
include "triton/Dialect/TritonGPU/IR/TritonGPUTypes.td"

def TTG_SharedMemory : Resource<"::mlir::triton::gpu::SharedMemory">;

// See Traits.h.
class TTG_Trait<string name> : NativeOpTrait<name> { let cppNamespace = "::mlir::OpTrait"; }
def TTG_MemDescView : TTG_Trait<"MemDescViewTrait">;
def TTG_LocalLoad : TTG_Trait<"LocalLoadTrait">;
def TTG_MemWait : TTG_Trait<"MemWaitOpTrait">;

// Operands that are read from or written to shared memory.
class TTG_Effect<list<MemoryEffect> effects> : Arg<TTG_MemDescType, "", effects>;
def TTG_SharedRead : TTG_Effect<[MemRead<TTG_SharedMemory>]>;
def TTG_SharedWrite : TTG_Effect<[MemWrite<TTG_SharedMemory>]>;
def TTG_SharedFree : TTG_Effect<[MemFree<TTG_SharedMemory>]>;

class TTG_Op<string mnemonic, list<Trait> traits = []>
    : Op<TritonGPU_Dialect, mnemonic, !listconcat(traits, [TT_VerifyTensorLayouts])>;

#endif // TRITON_DIALECT_TRITONGPU_IR_TRITONGPUOPBASE_TD
