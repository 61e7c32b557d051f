// RUN: tle-opt %s -split-input-file -verify-diagnostics

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f() {
    // expected-error @+1 {{'ttg.local_alloc' op uninitialized alloc must have a mutable memdesc type}}
    %a = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #nv, #smem>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>) {
    // expected-error @+1 {{'ttg.local_alloc' op the shape of the tensor, [64, 64], must match that of the buffer, [32, 64]}}
    %a = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<32x64xf16, #nv, #smem>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>) {
    // expected-error @+1 {{'ttg.local_alloc' op the element type of the tensor, 'f16', must match that of the buffer, 'bf16'}}
    %a = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xbf16, #nv, #smem>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>) {
    // expected-error @+1 {{'ttg.local_alloc' op result shape and its alloc shape must match}}
    %a = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #nv, #smem, mutable, 2x64x64>
    tt.return
  }
}

// -----

#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f() {
    // expected-error @+1 {{'ttg.local_alloc' op result shape and its alloc shape must match}}
    %a = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #nv, #smem, mutable, 128x64>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.local_load' op the element type of the tensor, 'bf16', must match that of the buffer, 'f16'}}
    %a = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> tensor<64x64xbf16, #b>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.local_load' op the shape of the tensor, [32, 64], must match that of the buffer, [64, 64]}}
    %a = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> tensor<32x64xf16, #b>
    tt.return
  }
}

// -----

#b8 = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%buf: !ttg.memdesc<64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.local_load' op result #0: Layout has 8 warps per CTA, but the context requires 4 warps per CTA.}}
    %a = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> tensor<64x64xf16, #b8>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>, %ibuf: !ttg.memdesc<64x64xf16, #nv, #smem>) {
    // expected-error @+1 {{'ttg.local_store' op Cannot store into immutable memory, got}}
    ttg.local_store %x, %ibuf : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #nv, #smem>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>, %b3: !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.local_store' op the shape of the tensor, [64, 64], must match that of the buffer, [4, 64, 64]}}
    ttg.local_store %x, %b3 : tensor<64x64xf16, #b> -> !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%p: tensor<64x64x!tt.ptr<f16>, #b>, %ibuf: !ttg.memdesc<64x64xf16, #nv, #smem>) {
    // expected-error @+1 {{'ttg.async_copy_global_to_local' op Cannot store into immutable memory, got}}
    %a = ttg.async_copy_global_to_local %p, %ibuf : tensor<64x64x!tt.ptr<f16>, #b> -> <64x64xf16, #nv, #smem>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%p: tensor<64x64x!tt.ptr<f16>, #b>, %b3: !ttg.memdesc<4x64x64xf16, #nv, #smem, mutable>) {
    // expected-error @+1 {{'ttg.async_copy_global_to_local' op the shape of the tensor, [64, 64], must match that of the buffer, [4, 64, 64]}}
    %a = ttg.async_copy_global_to_local %p, %b3 : tensor<64x64x!tt.ptr<f16>, #b> -> <4x64x64xf16, #nv, #smem, mutable>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>) {
    // expected-error @+1 {{'ttg.convert_layout' op requires the same shape for all operands and results}}
    %a = ttg.convert_layout %x : tensor<64x64xf16, #b> -> tensor<64x32xf16, #b>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>) {
    // expected-error @+1 {{'ttg.convert_layout' op requires the same element type for all operands and results}}
    %a = ttg.convert_layout %x : tensor<64x64xf16, #b> -> tensor<64x64xf32, #b>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#b8 = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>) {
    // expected-error @+1 {{'ttg.convert_layout' op result #0: Layout has 8 warps per CTA, but the context requires 4 warps per CTA.}}
    %a = ttg.convert_layout %x : tensor<64x64xf16, #b> -> tensor<64x64xf16, #b8>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>) {
    // expected-error @+1 {{'ttg.convert_layout' op source and result must both have a layout, got 'tensor<64x64xf16,}}
    %a = ttg.convert_layout %x : tensor<64x64xf16, #b> -> tensor<64x64xf16>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>) {
    // expected-error @+1 {{'ttg.convert_layout' op result #0: Non-distributed layout is not allowed in tensor type.}}
    %a = ttg.convert_layout %x : tensor<64x64xf16, #b> -> tensor<64x64xf16, #nv>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%x: tensor<64x64xf16, #b>) {
    // expected-error @+1 {{'ttg.convert_layout' op result #0: Layout has rank 1, but the tensor it's attached to has rank 2.}}
    %a = ttg.convert_layout %x : tensor<64x64xf16, #b> -> tensor<64x64xf16, #ttg.slice<{dim = 0, parent = #b}>>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%fp4: tensor<64x32xi8, #b>) {
    // expected-error @+1 {{'ttg.fp4_to_fp' op axis 2 out of range for rank 2}}
    %a = ttg.fp4_to_fp %fp4 {axis = 2 : i32} : tensor<64x32xi8, #b> -> tensor<64x64xf16, #b>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%fp4: tensor<64x32xi8, #b>) {
    // expected-error @+1 {{'ttg.fp4_to_fp' op dimension 1 of the result must have 64 elements, got 32}}
    %a = ttg.fp4_to_fp %fp4 {axis = 1 : i32} : tensor<64x32xi8, #b> -> tensor<64x32xf16, #b>
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f() {
    // expected-error @+1 {{'ttg.async_wait' op num must not be negative, got -1}}
    %a = ttg.async_wait {num = -1 : i32}
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f() {
    // expected-error @+1 {{'ttg.global_scratch_alloc' op nbytes must not be negative, got -512}}
    %a = ttg.global_scratch_alloc {alignment = 3 : i32, nbytes = -512 : i32} : !tt.ptr<i8>
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%i: i32) {
    // expected-error @+1 {{'ttg.warp_specialize' op partition region #0 argument #0 has type 'f32' but corresponding capture has type 'i32'}}
    %a = ttg.warp_specialize(%i) default { ttg.warp_yield %i : i32 } partition0(%y: f32) num_warps(4) { ttg.warp_return } : (i32) -> i32
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%i: i32) {
    // expected-error @+1 {{'ttg.warp_specialize' op partition region #0 has 0 arguments but expected 1}}
    %a = ttg.warp_specialize(%i) default { ttg.warp_yield %i : i32 } partition0() num_warps(4) { ttg.warp_return } : (i32) -> i32
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%i: i32) {
    // expected-error @+1 {{'ttg.warp_yield' op has 0 operands but parent op expected 1}}
    %a = ttg.warp_specialize(%i) default { ttg.warp_yield } partition0(%y: i32) num_warps(4) { ttg.warp_return } : (i32) -> i32
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%i: i32) {
    // expected-error @+1 {{'ttg.warp_specialize' op partition #0 number of warps (3) must be a power of 2}}
    %a = ttg.warp_specialize(%i) default { ttg.warp_yield %i : i32 } partition0(%y: i32) num_warps(3) { ttg.warp_return } : (i32) -> i32
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%i: i32) {
    // expected-error @+1 {{expected ':'}}
    %a = ttg.warp_specialize(%i) default { ttg.warp_yield %i : i32 } partition1(%y: i32) num_warps(4) { ttg.warp_return } : (i32) -> i32
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%i: i32, %pred: i1) {
    // expected-error @+1 {{'ttg.warp_yield' op operand #0 has type 'i1' but parent op expected 'i32'}}
    %a = ttg.warp_specialize(%i) default { ttg.warp_yield %pred : i1 } partition0(%y: i32) num_warps(4) { ttg.warp_return } : (i32) -> i32
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f(%i: i32) {
    // expected-error @+2 {{'arith.addi' op using value defined outside the region}}
    // expected-note @+1 {{required by region isolation constraints}}
    %a = ttg.warp_specialize(%i) default { ttg.warp_yield %i : i32 } partition0(%y: i32) num_warps(4) { %z = arith.addi %i, %y : i32 ttg.warp_return } : (i32) -> i32
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f() {
    // expected-error @+1 {{'ttg.warp_return' op expects parent op 'ttg.warp_specialize.partitions'}}
    ttg.warp_return
    tt.return
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @f() {
    // expected-error @+1 {{'ttg.warp_specialize' op cannot be nested inside another `ttg.warp_specialize` op}}
    ttg.warp_specialize() default { ttg.warp_specialize() default { ttg.warp_yield } partition0() num_warps(4) { ttg.warp_return } : () -> () ttg.warp_yield } partition0() num_warps(4) { ttg.warp_return } : () -> ()
    tt.return
  }
}
