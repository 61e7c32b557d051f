//===- TritonMemoryOps.td - pointers, loads, stores, atomics --------------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONMEMORYOPS_TD
#define TRITON_DIALECT_TRITON_IR_TRITONMEMORYOPS_TD

include "triton/Dialect/Triton/IR/TritonOpBase.td"

// `rhs` has the type `fn` computes from that of `lhs`, if the optional operand
// that stands at position `index` is there at all.
class TT_OptionalTypeMatches<string summary, string lhs, string rhs, string fn, int index>
    : TypesMatchWith<summary, lhs, rhs, fn, "($_op.getNumOperands() <= " # index # ") || std::equal_to<>()">;

//===----------------------------------------------------------------------===//
// Pointers
//===----------------------------------------------------------------------===//

def TT_AddPtrOp : TT_Op<"addptr", [
    Elementwise, Pure, SameOperandsAndResultShape, TT_SameOperandsAndResultEncoding,
    TypesMatchWith<"result type matches ptr type", "result", "ptr", "$_self">]> {
  let summary = "advances pointers by an offset counted in elements";
  let arguments = (ins TT_PtrLike:$ptr, TT_IntLike:$offset);
  let results = (outs TT_PtrLike:$result);
  let assemblyFormat = "$ptr `,` $offset attr-dict `:` type($result) `,` type($offset)";
  let hasFolder = 1;
}

def TT_AdvanceOp : TT_Op<"advance", [
    Pure, TypesMatchWith<"result type matches ptr type", "result", "ptr", "$_self">]> {
  let summary = "moves a block pointer by offsets, one a dimension";
  let arguments = (ins TT_TensorPtr:$ptr, Variadic<I32>:$offsets);
  let results = (outs TT_TensorPtr:$result);
  let assemblyFormat = "$ptr `,` `[` $offsets `]` attr-dict `:` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def TT_MakeTensorPtrOp : TT_Op<"make_tensor_ptr", [
    Pure, SameVariadicOperandSize,
    TypesMatchWith<"base points to the elements of the block", "result", "base",
                   "getPointerTypeToElement(getPointeeType($_self), "
                   "::llvm::cast<::mlir::triton::PointerType>($_self).getAddressSpace())">]> {
  let summary = "block pointer into a strided tensor";
  let description = [{
    ```mlir
    %p = tt.make_tensor_ptr %base, [%rows, %cols], [%stride, %one], [%i, %j] {order = array<i32: 1, 0>}
        : <tensor<64x64xf16>>
    ```
  }];
  let arguments = (ins TT_AnyPtr:$base, Variadic<I64>:$shape, Variadic<I64>:$strides, Variadic<I32>:$offsets,
                       DenseI32ArrayAttr:$order);
  let results = (outs TT_TensorPtr:$result);
  let assemblyFormat = "$base `,` `[` $shape `]` `,` `[` $strides `]` `,` `[` $offsets `]` attr-dict `:` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Loads and stores
//===----------------------------------------------------------------------===//

def TT_LoadOp : TT_Op<"load", [
    AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    TT_SameOperandsAndResultEncoding,
    TypesMatchWith<"result matches ptr type", "ptr", "result", "getPointeeType($_self)">,
    TT_OptionalTypeMatches<"mask type matches ptr type", "ptr", "mask", "getI1SameShape($_self)", 1>,
    TT_OptionalTypeMatches<"other matches ptr type", "ptr", "other", "getPointeeType($_self)", 2>]> {
  let summary = "loads through a pointer, a tensor of pointers, or a block pointer";
  let description = [{
    Elements whose `mask` is false read `other`, or are undefined without it.
    `boundaryCheck` and `padding` are for block pointers.

    ```mlir
    %v = tt.load %p, %m, %zero cacheModifier = ca evictionPolicy = evict_first : tensor<64x!tt.ptr<f32>>
    ```
  }];
  let arguments = (ins
    AnyTypeOf<[TT_PtrLike, TT_TensorPtr]>:$ptr, Optional<TT_BoolLike>:$mask, Optional<TT_AnyType>:$other,
    DefaultValuedAttr<DenseI32ArrayAttr, "::llvm::ArrayRef<int32_t>{}">:$boundaryCheck,
    OptionalAttr<TT_PaddingOptionAttr>:$padding,
    DefaultValuedAttr<TT_CacheModifierAttr, "::mlir::triton::CacheModifier::NONE">:$cache,
    DefaultValuedAttr<TT_EvictionPolicyAttr, "::mlir::triton::EvictionPolicy::NORMAL">:$evict,
    DefaultValuedAttr<BoolAttr, "false">:$isVolatile);
  let results = (outs TT_AnyType:$result);
  let builders = [
    OpBuilder<(ins "::mlir::Value":$ptr, "::mlir::Value":$mask, "::mlir::Value":$other,
                   CArg<"::mlir::triton::CacheModifier", "::mlir::triton::CacheModifier::NONE">:$cache,
                   CArg<"::mlir::triton::EvictionPolicy", "::mlir::triton::EvictionPolicy::NORMAL">:$evict,
                   CArg<"bool", "false">:$isVolatile)>
  ];
  let assemblyFormat = [{
    $ptr (`,` $mask^)? (`,` $other^)?
    oilist(`cacheModifier` `=` $cache | `evictionPolicy` `=` $evict)
    attr-dict `:` type($ptr)
  }];
  let hasCanonicalizer = 1;
}

def TT_StoreOp : TT_Op<"store", [
    TT_SameOperandsEncoding,
    TypesMatchWith<"value type matches ptr type", "ptr", "value", "getPointeeType($_self)">,
    TT_OptionalTypeMatches<"mask type matches ptr type", "ptr", "mask", "getI1SameShape($_self)", 2>]> {
  let summary = "stores through a pointer, a tensor of pointers, or a block pointer";
  let description = "Elements whose `mask` is false are not written.";
  let arguments = (ins
    Arg<AnyTypeOf<[TT_PtrLike, TT_TensorPtr]>, "", [MemWrite<TT_GlobalMemory>]>:$ptr,
    TT_AnyType:$value, Optional<TT_BoolLike>:$mask,
    DefaultValuedAttr<DenseI32ArrayAttr, "::llvm::ArrayRef<int32_t>{}">:$boundaryCheck,
    DefaultValuedAttr<TT_CacheModifierAttr, "::mlir::triton::CacheModifier::NONE">:$cache,
    DefaultValuedAttr<TT_EvictionPolicyAttr, "::mlir::triton::EvictionPolicy::NORMAL">:$evict);
  let builders = [
    OpBuilder<(ins "::mlir::Value":$ptr, "::mlir::Value":$value, "::mlir::Value":$mask,
                   CArg<"::mlir::triton::CacheModifier", "::mlir::triton::CacheModifier::NONE">:$cache,
                   CArg<"::mlir::triton::EvictionPolicy", "::mlir::triton::EvictionPolicy::NORMAL">:$evict)>
  ];
  let assemblyFormat = [{
    $ptr `,` $value (`,` $mask^)?
    oilist(`cacheModifier` `=` $cache | `evictionPolicy` `=` $evict)
    attr-dict `:` type($ptr)
  }];
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Atomics
//===----------------------------------------------------------------------===//

def TT_AtomicRMWOp : TT_Op<"atomic_rmw", [
    SameOperandsAndResultShape, TT_SameOperandsAndResultEncoding,
    TypesMatchWith<"value type matches ptr type", "ptr", "val", "getPointeeType($_self)">,
    TypesMatchWith<"result type matches value type", "val", "result", "$_self">,
    TT_OptionalTypeMatches<"mask type matches value type", "val", "mask", "getI1SameShape($_self)", 2>]> {
  let summary = "atomic read-modify-write; the result is the old value";
  let description = [{
    ```mlir
    %old = tt.atomic_rmw fadd, acq_rel, gpu, %p, %v, %m
        : (tensor<64x!tt.ptr<f32>>, tensor<64xf32>, tensor<64xi1>) -> tensor<64xf32>
    ```
  }];
  let arguments = (ins
    TT_AtomicRMWAttr:$atomic_rmw_op,
    Arg<TT_PtrLike, "", [MemRead<TT_GlobalMemory>, MemWrite<TT_GlobalMemory>]>:$ptr,
    TT_AnyType:$val, Optional<TT_BoolLike>:$mask, TT_MemSemanticAttr:$sem, TT_MemSyncScopeAttr:$scope);
  let results = (outs TT_AnyType:$result);
  let assemblyFormat = [{
    $atomic_rmw_op `,` $sem `,` $scope `,` $ptr `,` $val (`,` $mask^)? attr-dict `:`
    functional-type(operands, $result)
  }];
}

def TT_AtomicCASOp : TT_Op<"atomic_cas", [
    SameOperandsAndResultShape, TT_SameOperandsAndResultEncoding,
    TypesMatchWith<"compare type matches ptr type", "ptr", "cmp", "getPointeeType($_self)">,
    TypesMatchWith<"value type matches ptr type", "ptr", "val", "getPointeeType($_self)">,
    TypesMatchWith<"result type matches value type", "val", "result", "$_self">]> {
  let summary = "atomic compare-and-swap; the result is the old value";
  let description = "Writes `val` where memory equals `cmp`.";
  let arguments = (ins
    Arg<TT_PtrLike, "", [MemRead<TT_GlobalMemory>, MemWrite<TT_GlobalMemory>]>:$ptr,
    TT_AnyType:$cmp, TT_AnyType:$val, TT_MemSemanticAttr:$sem, TT_MemSyncScopeAttr:$scope);
  let results = (outs TT_AnyType:$result);
  let assemblyFormat = [{
    $sem `,` $scope `,` $ptr `,` $cmp `,` $val attr-dict `:` functional-type(operands, $result)
  }];
}

#endif // TRITON_DIALECT_TRITON_IR_TRITONMEMORYOPS_TD
