//===- NVGPUEnums.td - enumerations of dialect nvg ------------------------===//
//
// Most stand in attribute dictionaries, where the text holds the integer.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_DIALECT_NVGPU_IR_NVGPUENUMS_TD
#define TRITON_DIALECT_NVGPU_IR_NVGPUENUMS_TD

include "mlir/IR/EnumAttr.td"

class NVGPU_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::mlir::triton::nvgpu";
}

def NVGPU_MemSemanticAttr : NVGPU_Enum<"MemSemantic", "memory order", [
  I32EnumAttrCase<"RELAXED", 1, "relaxed">, I32EnumAttrCase<"ACQUIRE", 2, "acquire">,
  I32EnumAttrCase<"RELEASE", 3, "release">, I32EnumAttrCase<"ACQUIRE_RELEASE", 4, "acq_rel">]>;

def NVGPU_MemSyncScopeAttr : NVGPU_Enum<"MemSyncScope", "threads that an access synchronizes with", [
  I32EnumAttrCase<"GPU", 1, "gpu">, I32EnumAttrCase<"CTA", 2, "cta">, I32EnumAttrCase<"SYSTEM", 3, "sys">]>;

def NVGPU_WGMMALayoutAttr : NVGPU_Enum<"WGMMALayout", "order of a WGMMA operand", [
  I32EnumAttrCase<"row", 0>, I32EnumAttrCase<"col", 1>]>;

def NVGPU_WGMMAEltTypeAttr : NVGPU_Enum<"WGMMAEltType", "element type of a WGMMA operand", [
  I32EnumAttrCase<"s8", 0>, I32EnumAttrCase<"s32", 1>, I32EnumAttrCase<"e4m3", 2>, I32EnumAttrCase<"e5m2", 3>,
  I32EnumAttrCase<"f16", 4>, I32EnumAttrCase<"bf16", 5>, I32EnumAttrCase<"tf32", 6>, I32EnumAttrCase<"f32", 7>]>;

#endif // TRITON_DIALECT_NVGPU_IR_NVGPUENUMS_TD
