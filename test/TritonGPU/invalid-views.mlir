// RUN: tle-opt %s -split-input-file -verify-diagnostics

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%i: i32, %b3: !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_index' op result shape must be the source shape without its first dimension, got [64, 32] from [4, 64, 64]}}
    %a = ttg.memdesc_index %b3[%i] : !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<64x32xf16, #nv, #smem, mutable>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%i: i32, %b3: !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_index' op result element type must match that of the source, 'f16'}}
    %a = ttg.memdesc_index %b3[%i] : !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<64x64xbf16, #nv, #smem, mutable>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%i: i32, %b3: !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_index' op alloc shape must match shape for both result and source}}
    %a = ttg.memdesc_index %b3[%i] : !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<64x64xf16, #nv, #smem, mutable, 4x64x64>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_subslice' op the slice [64, 96) lies outside of dimension 1, which has 64 elements}}
    %a = ttg.memdesc_subslice %buf[0, 64] : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<64x32xf16, #nv, #smem, mutable, 64x64>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_subslice' op The split offset may not touch the tile: offset 1 along dimension 0 is no multiple of the size, 32}}
    %a = ttg.memdesc_subslice %buf[1, 0] : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<32x64xf16, #nv, #smem, mutable, 64x64>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_subslice' op The split offset may not touch the tile: offset 4 along dimension 0 is no multiple of the size, 32}}
    %a = ttg.memdesc_subslice %buf[4, 0] : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<32x64xf16, #nv, #smem, mutable, 64x64>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_subslice' op offsets and result must have the rank of the source, 2, got 1 and 2}}
    %a = ttg.memdesc_subslice %buf[32] : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<32x64xf16, #nv, #smem, mutable, 64x64>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_subslice' op The split offset may not touch the tile: offset 16 along dimension 0 is no multiple of the size, 32}}
    %a = ttg.memdesc_subslice %buf[16, 0] : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<32x64xf16, #nv, #smem, mutable, 64x64>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%b3: !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_subslice' op The split offset may not touch the tile: offset 1 along dimension 0 is no multiple of the size, 2}}
    %a = ttg.memdesc_subslice %b3[1, 0, 0] : !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<2x64x64xf16, #nv, #smem, mutable, 4x64x64>
    tt.return
  }
}

// -----

#sw = #ttg.swizzled_shared<{vec = 8, perPhase = 1, maxPhase = 8, order = [1, 0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%sb: !ttg.memdesc<64x64xf16, #sw, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_subslice' op We don't support splitting along the swizzling pattern: dimension 0 cut into parts of 1}}
    %a = ttg.memdesc_subslice %sb[1, 0] : !ttg.memdesc<64x64xf16, #sw, #smem, mutable> -> !ttg.memdesc<1x64xf16, #sw, #smem, mutable, 64x64>
    tt.return
  }
}

// -----

#swx = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%xb: !ttg.memdesc<64x64xf16, #swx, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_subslice' op the slice [-1, 0) lies outside of dimension 0, which has 64 elements}}
    %a = ttg.memdesc_subslice %xb[-1, 0] : !ttg.memdesc<64x64xf16, #swx, #smem, mutable> -> !ttg.memdesc<1x64xf16, #swx, #smem, mutable, 64x64>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+2 {{'ttg.memdesc_trans' op inferred type(s)}}
    // expected-error @+1 {{'ttg.memdesc_trans' op failed to infer returned types}}
    %a = ttg.memdesc_trans %buf {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<64x64xf16, #nv, #smem, mutable>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#nvt = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+2 {{'ttg.memdesc_trans' op inferred type(s)}}
    // expected-error @+1 {{'ttg.memdesc_trans' op failed to infer returned types}}
    %a = ttg.memdesc_trans %buf {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<64x64xf16, #nvt, #smem>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#nvt = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_trans' op order must be a permutation of 0 to 1, got [1, 1]}}
    %a = ttg.memdesc_trans %buf {order = array<i32: 1, 1>} : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<64x64xf16, #nvt, #smem, mutable>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#nvt = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%b3: !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+2 {{a transposition of rank 3 does not apply to layout}}
    // expected-error @+1 {{'ttg.memdesc_trans' op failed to infer returned types}}
    %a = ttg.memdesc_trans %b3 {order = array<i32: 0, 2, 1>} : !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<4x64x64xf16, #nvt, #smem, mutable>
    tt.return
  }
}

// -----

#nv3 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16, rank = 3}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%n3: !ttg.memdesc<4x64x64xf16, #nv3, #smem, mutable>) {
    // expected-error @+2 {{'ttg.memdesc_trans' op inferred type(s)}}
    // expected-error @+1 {{'ttg.memdesc_trans' op failed to infer returned types}}
    %a = ttg.memdesc_trans %n3 {order = array<i32: 0, 2, 1>} : !ttg.memdesc<4x64x64xf16, #nv3, #smem, mutable> -> !ttg.memdesc<4x64x64xf16, #nv3, #smem, mutable>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#sw1 = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{Expected result encoding}}
    %a = ttg.memdesc_reshape %buf : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<4096xf16, #sw1, #smem, mutable>
    tt.return
  }
}

// -----

#swx = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#sw1 = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%xb: !ttg.memdesc<64x64xf16, #swx, #smem, mutable>) {
    // expected-error @+1 {{'ttg.memdesc_reshape' op number of src and dst elements of reshape must be the same}}
    %a = ttg.memdesc_reshape %xb : !ttg.memdesc<64x64xf16, #swx, #smem, mutable> -> !ttg.memdesc<2048xf16, #sw1, #smem, mutable>
    tt.return
  }
}

// -----

#sw = #ttg.swizzled_shared<{vec = 8, perPhase = 1, maxPhase = 8, order = [1, 0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%sb: !ttg.memdesc<64x64xf16, #sw, #smem, mutable>) {
    // expected-error @+1 {{Expected result encoding}}
    %a = ttg.memdesc_reshape %sb : !ttg.memdesc<64x64xf16, #sw, #smem, mutable> -> !ttg.memdesc<32x128xf16, #sw, #smem, mutable>
    tt.return
  }
}
