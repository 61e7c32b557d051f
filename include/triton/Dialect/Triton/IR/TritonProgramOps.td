//===- TritonProgramOps.td - program ids, ranges, print, assert -----------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONPROGRAMOPS_TD
#define TRITON_DIALECT_TRITON_IR_TRITONPROGRAMOPS_TD

include "triton/Dialect/Triton/IR/TritonOpBase.td"

class TT_GridOp<string mnemonic> : TT_Op<mnemonic, [Pure]> {
  let arguments = (ins TT_ProgramDimAttr:$axis);
  let results = (outs I32:$result);
  let assemblyFormat = "$axis attr-dict `:` type($result)";
  let extraClassDeclaration = [{
    int32_t getAxisAsInt() { return static_cast<int32_t>(getAxis()); }
  }];
}

def TT_GetProgramIdOp : TT_GridOp<"get_program_id"> {
  let summary = "this program's place in the launch grid";
}

def TT_GetNumProgramsOp : TT_GridOp<"get_num_programs"> {
  let summary = "size of the launch grid";
}

def TT_MakeRangeOp : TT_Op<"make_range", [Pure]> {
  let summary = "the integers from start to end - 1";
  let arguments = (ins I32Attr:$start, I32Attr:$end);
  let results = (outs TT_IntTensor:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

// Output and a trap are order-bound like writes to memory.
def TT_PrintOp : TT_Op<"print", [MemoryEffects<[MemWrite<TT_GlobalMemory>]>, SameVariadicOperandSize]> {
  let summary = "prints values, each thread its own";
  let arguments = (ins StrAttr:$prefix, BoolAttr:$hex, Variadic<TT_AnyType>:$args, DenseI32ArrayAttr:$isSigned);
  let assemblyFormat = "$prefix attr-dict (`:` $args^ `:` type($args))?";
}

def TT_AssertOp : TT_Op<"assert", [MemoryEffects<[MemWrite<TT_GlobalMemory>]>]> {
  let summary = "stops the program with a message where the condition is false";
  let arguments = (ins TT_BoolLike:$condition, StrAttr:$message);
  let assemblyFormat = "$condition `,` $message attr-dict `:` type($condition)";
}

#endif // TRITON_DIALECT_TRITON_IR_TRITONPROGRAMOPS_TD
