//===- TritonElementwiseOps.td - casts and elementwise math ---------------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONELEMENTWISEOPS_TD
#define TRITON_DIALECT_TRITON_IR_TRITONELEMENTWISEOPS_TD

include "mlir/Interfaces/ControlFlowInterfaces.td"
include "triton/Dialect/Triton/IR/TritonOpBase.td"

class TT_CastOp<string mnemonic, list<Trait> traits = []> : TT_Op<mnemonic, !listconcat(traits, [
    Elementwise, Pure, SameOperandsAndResultShape, TT_SameOperandsAndResultEncoding])>;

def TT_IntToPtrOp : TT_CastOp<"int_to_ptr"> {
  let summary = "64-bit integers as pointers";
  let arguments = (ins TT_I64Like:$src);
  let results = (outs TT_PtrLike:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
}

def TT_PtrToIntOp : TT_CastOp<"ptr_to_int"> {
  let summary = "pointers as 64-bit integers";
  let arguments = (ins TT_PtrLike:$src);
  let results = (outs TT_I64Like:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
}

def TT_BitcastOp : TT_CastOp<"bitcast"> {
  let summary = "reinterprets bits; unlike arith.bitcast, pointers too";
  let arguments = (ins TT_AnyType:$src);
  let results = (outs TT_AnyType:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
  let hasVerifier = 1;
}

def TT_FpToFpOp : TT_CastOp<"fp_to_fp"> {
  let summary = "converts between floating-point types, 8-bit ones included";
  let description = [{
    A narrowing conversion names its rounding mode.

    ```mlir
    %h = tt.fp_to_fp %x, rounding = rtne : tensor<64xf32> -> tensor<64xf8E5M2>
    ```
  }];
  let arguments = (ins TT_FloatLike:$src, OptionalAttr<TT_RoundingModeAttr>:$rounding);
  let results = (outs TT_FloatLike:$result);
  let assemblyFormat = "$src attr-dict (`,` `rounding` `=` $rounding^)? `:` type($src) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

class TT_MathOp<string mnemonic> : TT_Op<mnemonic, [Elementwise, Pure, SameOperandsAndResultType]>;

def TT_ClampFOp : TT_MathOp<"clampf"> {
  let summary = "x limited to [min, max]";
  let arguments = (ins TT_FloatLike:$x, TT_FloatLike:$min, TT_FloatLike:$max, TT_PropagateNanAttr:$propagateNan);
  let results = (outs TT_FloatLike:$result);
  let assemblyFormat = [{
    $x `,` $min `,` $max `,` `propagateNan` `=` $propagateNan attr-dict `:` type($result)
  }];
}

def TT_PreciseSqrtOp : TT_MathOp<"precise_sqrt"> {
  let summary = "square root, rounded as IEEE 754 says";
  let arguments = (ins TT_FloatLike:$x);
  let results = (outs TT_FloatLike:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def TT_PreciseDivFOp : TT_MathOp<"precise_divf"> {
  let summary = "quotient, rounded as IEEE 754 says";
  let arguments = (ins TT_FloatLike:$x, TT_FloatLike:$y);
  let results = (outs TT_FloatLike:$result);
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x)";
}

def TT_MulhiUIOp : TT_MathOp<"mulhiui"> {
  let summary = "upper half of an unsigned product";
  let arguments = (ins TT_IntLike:$x, TT_IntLike:$y);
  let results = (outs TT_IntLike:$result);
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x)";
}

def TT_ExternElementwiseOp : TT_Op<"extern_elementwise", [
    ConditionallySpeculatable, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, Elementwise,
    SameVariadicOperandSize, TT_SameOperandsAndResultEncoding]> {
  let summary = "calls a device function on each element";
  let arguments = (ins Variadic<TT_AnyType>:$srcs, StrAttr:$libname, StrAttr:$libpath, StrAttr:$symbol, BoolAttr:$pure);
  let results = (outs TT_AnyType:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, $result)";
  let extraClassDeclaration = [{
    ::mlir::Speculation::Speculatability getSpeculatability();
  }];
}

def TT_ElementwiseInlineAsmOp : TT_Op<"elementwise_inline_asm", [
    DeclareOpInterfaceMethods<ConditionallySpeculatable>, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    Elementwise, TT_SameOperandsAndResultEncoding]> {
  let summary = "inline assembly on groups of elements";
  let description = [{
    The assembly sees `packed_element` elements at a time; which ones is left
    to the layout.

    ```mlir
    %r = tt.elementwise_inline_asm "ex2.approx.f32 $0, $1;"
        {constraints = "=r,r", packed_element = 1 : i32, pure = true} %x : tensor<64xf32> -> tensor<64xf32>
    ```
  }];
  let arguments = (ins StrAttr:$asm_string, StrAttr:$constraints, BoolAttr:$pure, I32Attr:$packed_element,
                       Variadic<AnyType>:$args);
  let results = (outs Variadic<TT_AnyType>:$result);
  let assemblyFormat = "$asm_string attr-dict ($args^ `:` type($args))? `->` type($result)";
  let hasVerifier = 1;
}

def TT_MapElementwiseOp : TT_Op<"map_elementwise", [
    RecursiveMemoryEffects, SameOperandsAndResultShape, TT_SameOperandsAndResultEncoding]> {
  let summary = "runs a region on the elements of tensors";
  let description = [{
    The region takes `pack` elements of each source and gives `pack` elements
    of each result.
  }];
  let arguments = (ins Variadic<TT_Tensor>:$srcs, I32Attr:$pack);
  let results = (outs Variadic<TT_Tensor>:$result);
  let regions = (region AnyRegion:$scalarOp);
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def TT_MapElementwiseReturnOp : TT_Op<"map_elementwise.return", [
    HasParent<"::mlir::triton::MapElementwiseOp">, Pure, ReturnLike, Terminator]> {
  let summary = "results of one run of tt.map_elementwise's region";
  let arguments = (ins Variadic<AnyType>:$result);
  let assemblyFormat = "attr-dict ($result^ `:` type($result))?";
}

#endif // TRITON_DIALECT_TRITON_IR_TRITONELEMENTWISEOPS_TD
