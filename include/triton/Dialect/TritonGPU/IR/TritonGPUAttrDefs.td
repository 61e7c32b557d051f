//===- TritonGPUAttrDefs.td - layouts of dialect ttg ----------------------===//
//
// Every layout parses from, and prints as, `<{name = value, ...}>`. Names are
// taken in any order; what has its default value is not printed.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_TRITONGPUATTRDEFS_TD
#define TRITON_DIALECT_TRITONGPU_IR_TRITONGPUATTRDEFS_TD

include "mlir/IR/AttrTypeBase.td"
include "triton/Dialect/TritonGPU/IR/TritonGPUAttrInterfaces.td"
include "triton/Dialect/TritonGPU/IR/TritonGPUDialect.td"

class TTG_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<TritonGPU_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

class TTG_Layout<string name, string attrMnemonic, list<Trait> traits>
    : TTG_Attr<name, attrMnemonic,
               !listconcat([DeclareAttrInterfaceMethods<TTG_LayoutEncodingTrait>], traits)> {
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

class TTG_DistributedLayout<string name, string attrMnemonic, list<Trait> traits = []>
    : TTG_Layout<name, attrMnemonic,
                 !listconcat([DeclareAttrInterfaceMethods<TTG_DistributedEncodingTrait>], traits)>;

class TTG_SharedLayout<string name, string attrMnemonic>
    : TTG_Layout<name, attrMnemonic, [DeclareAttrInterfaceMethods<TTG_SharedEncodingTrait>]>;

def TTG_LinearLayoutParameter : AttrOrTypeParameter<"::mlir::triton::LinearLayout", "linear layout"> {
  let cppAccessorType = "const ::mlir::triton::LinearLayout &";
}

//===----------------------------------------------------------------------===//
// Distributed layouts
//===----------------------------------------------------------------------===//

def TTG_BlockedEncodingAttr : TTG_DistributedLayout<"BlockedEncoding", "blocked"> {
  let description = [{
    A thread holds a box of `sizePerThread`, lanes tile boxes by
    `threadsPerWarp`, warps by `warpsPerCTA`; `order` names the dimensions from
    the fastest.

        #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
  }];
  let parameters = (ins
    ArrayRefParameter<"unsigned">:$sizePerThread,
    ArrayRefParameter<"unsigned">:$threadsPerWarp,
    ArrayRefParameter<"unsigned">:$warpsPerCTA,
    ArrayRefParameter<"unsigned">:$order,
    "::mlir::triton::gpu::CGAEncodingAttr":$CGALayout);
  let builders = [
    AttrBuilder<(ins "::llvm::ArrayRef<int64_t>":$shape, "::llvm::ArrayRef<unsigned>":$sizePerThread,
                     "::llvm::ArrayRef<unsigned>":$order, "unsigned":$numWarps, "unsigned":$threadsPerWarp,
                     "::mlir::triton::gpu::CGAEncodingAttr":$CGALayout)>,
    AttrBuilder<(ins "::llvm::ArrayRef<int64_t>":$shape, "::llvm::ArrayRef<unsigned>":$sizePerThread,
                     "::llvm::ArrayRef<unsigned>":$order, "unsigned":$numWarps, "unsigned":$threadsPerWarp,
                     "unsigned":$numCTAs)>
  ];
}

def TTG_LinearEncodingAttr : TTG_DistributedLayout<"LinearEncoding", "linear"> {
  let description = [{
    A layout given by its bases. Each moves along one dimension at most, and
    those that are not zero hit every element once.

        #ttg.linear<{register = [[0, 1]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[8, 0]], block = []}>
  }];
  let parameters = (ins TTG_LinearLayoutParameter:$linearLayout);
}

def TTG_NvidiaMmaEncodingAttr
    : TTG_DistributedLayout<"NvidiaMmaEncoding", "nvidia_mma", [DeclareAttrInterfaceMethods<TTG_MmaEncodingTrait>]> {
  let description = [{
    Results of NVIDIA tensor cores: version 2 is `mma.sync`, 3 is WGMMA.
    `instrShape` is [M, N] for version 2, [M, N, K] per warp for version 3.

        #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
  }];
  let parameters = (ins
    "unsigned":$versionMajor,
    "unsigned":$versionMinor,
    ArrayRefParameter<"unsigned">:$warpsPerCTA,
    "::mlir::triton::gpu::CGAEncodingAttr":$CGALayout,
    ArrayRefParameter<"unsigned">:$instrShape);
  let extraClassDeclaration = [{
    bool isVolta() const { return getVersionMajor() == 1; }
    bool isTuring() const { return getVersionMajor() == 2 && getVersionMinor() == 1; }
    bool isAmpere() const { return getVersionMajor() == 2; }
    bool isHopper() const { return getVersionMajor() == 3; }
  }];
}

def TTG_AMDMfmaEncodingAttr
    : TTG_DistributedLayout<"AMDMfmaEncoding", "amd_mfma", [DeclareAttrInterfaceMethods<TTG_MmaEncodingTrait>]> {
  let description = "Results of AMD MFMA instructions. Parsed, verified and printed; no linear layout here.";
  let parameters = (ins
    "unsigned":$version,
    ArrayRefParameter<"unsigned">:$warpsPerCTA,
    ArrayRefParameter<"unsigned">:$instrShape,
    "bool":$isTransposed,
    "::mlir::triton::gpu::CGAEncodingAttr":$CGALayout,
    ArrayRefParameter<"unsigned">:$tilesPerWarp,
    "unsigned":$elementBitWidth);
}

def TTG_AMDWmmaEncodingAttr
    : TTG_DistributedLayout<"AMDWmmaEncoding", "amd_wmma", [DeclareAttrInterfaceMethods<TTG_MmaEncodingTrait>]> {
  let description = "Results of AMD WMMA instructions. Parsed, verified and printed; no linear layout here.";
  let parameters = (ins
    "unsigned":$version,
    "bool":$isTransposed,
    ArrayRefParameter<"unsigned">:$warpsPerCTA,
    ArrayRefParameter<"unsigned">:$tilesPerWarp,
    "::mlir::triton::gpu::CGAEncodingAttr":$CGALayout,
    ArrayRefParameter<"unsigned">:$instrShape);
}

def TTG_SliceEncodingAttr : TTG_DistributedLayout<"SliceEncoding", "slice"> {
  let description = [{
    The layout of a tensor that results from reducing dimension `dim` of one
    laid out by `parent`.

        #ttg.slice<{dim = 1, parent = #blocked}>
  }];
  let parameters = (ins "unsigned":$dim, "::mlir::triton::gpu::DistributedEncodingTrait":$parent);
  let extraClassDeclaration = [{
    /// `shape` with an extent of 1 at `dim`.
    ::llvm::SmallVector<int64_t> paddedShape(::llvm::ArrayRef<int64_t> shape) const;
  }];
}

def TTG_DotOperandEncodingAttr : TTG_DistributedLayout<"DotOperandEncoding", "dot_op"> {
  let description = [{
    Operand 0 or 1, in registers, of a dot whose result is laid out by `parent`.
    `kWidth` (tensor cores only) is how many consecutive elements along K a
    thread holds.

        #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>
  }];
  let parameters = (ins
    "unsigned":$opIdx,
    "::mlir::Attribute":$parent,
    DefaultValuedParameter<"unsigned", "0">:$kWidth);
  let builders = [
    // With the kWidth that tensor cores want for elements of this type.
    AttrBuilder<(ins "unsigned":$opIdx, "::mlir::Attribute":$parent, "::mlir::Type":$elementType)>
  ];
}

//===----------------------------------------------------------------------===//
// Layouts of shared memory
//===----------------------------------------------------------------------===//

def TTG_SwizzledSharedEncodingAttr : TTG_SharedLayout<"SwizzledSharedEncoding", "swizzled_shared"> {
  let description = [{
    Rows one after the other; in row r, groups of `vec` elements are exchanged
    by XOR with (r / perPhase) mod maxPhase. `order` names the dimensions from
    the fastest.

        #ttg.swizzled_shared<{vec = 8, perPhase = 1, maxPhase = 8, order = [1, 0]}>
  }];
  let parameters = (ins
    "unsigned":$vec,
    "unsigned":$perPhase,
    "unsigned":$maxPhase,
    ArrayRefParameter<"unsigned">:$order,
    "::mlir::triton::gpu::CGAEncodingAttr":$CGALayout);
}

def TTG_NVMMASharedEncodingAttr : TTG_SharedLayout<"NVMMASharedEncoding", "nvmma_shared"> {
  let description = [{
    What TMA writes and WGMMA reads: tiles of 8 rows by `swizzlingByteWidth`
    bytes, swizzled by 16 bytes. `transposed` makes the first of the two minor
    dimensions contiguous.

        #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
  }];
  let parameters = (ins
    "unsigned":$swizzlingByteWidth,
    "bool":$transposed,
    "unsigned":$elementBitWidth,
    "bool":$fp4Padded,
    "::mlir::triton::gpu::CGAEncodingAttr":$CGALayout);
  let builders = [
    // The widest swizzle that the contiguous dimension of `shape` fills.
    AttrBuilder<(ins "::llvm::ArrayRef<int64_t>":$shape, "::llvm::ArrayRef<unsigned>":$order,
                     "::mlir::triton::gpu::CGAEncodingAttr":$CGALayout, "::mlir::Type":$elementType,
                     "bool":$fp4Padded)>
  ];
  let extraClassDeclaration = [{
    /// The swizzle in the terms of #ttg.swizzled_shared.
    int getPerPhase() const;
    int getMaxPhase() const;
    int getVec() const;
  }];
}

def TTG_SharedLinearEncodingAttr : TTG_SharedLayout<"SharedLinearEncoding", "shared_linear"> {
  let description = [{
    Offsets map to elements by bases.

        #ttg.shared_linear<{offset = [[0, 1], [1, 0]]}, alignment = 16>
  }];
  let parameters = (ins TTG_LinearLayoutParameter:$linearLayout, "unsigned":$layoutAlignment);
}

def TTG_PaddedSharedEncodingAttr : TTG_SharedLayout<"PaddedSharedEncoding", "padded_shared"> {
  let description = [{
    Offsets map to elements by bases, after every `interval` elements come
    `padding` unused ones.

        #ttg.padded_shared<[32:+4] {order = [1, 0], shape = [16, 32]}>
        #ttg.padded_shared<[32:+4] {offset = [[0, 1], [2, 0], [1, 0]], block = []}>
  }];
  let parameters = (ins
    ArrayRefParameter<"unsigned">:$intervals,
    ArrayRefParameter<"unsigned">:$paddings,
    TTG_LinearLayoutParameter:$linearComponent);
}

def TTG_AMDRotatingSharedEncodingAttr : TTG_SharedLayout<"AMDRotatingSharedEncoding", "amd_rotating_shared"> {
  let description = "As #ttg.swizzled_shared, with a phase that moves on from block to block of rows.";
  let parameters = (ins
    "unsigned":$vec,
    "unsigned":$perPhase,
    "unsigned":$maxPhase,
    ArrayRefParameter<"unsigned">:$order,
    "::mlir::triton::gpu::CGAEncodingAttr":$CGALayout);
}

//===----------------------------------------------------------------------===//
// Memory spaces
//===----------------------------------------------------------------------===//

def TTG_SharedMemorySpaceAttr : TTG_Attr<"SharedMemorySpace", "shared_memory"> {
  let description = "The memory that the threads of a CTA share.";
}

#endif // TRITON_DIALECT_TRITONGPU_IR_TRITONGPUATTRDEFS_TD
