// RUN: tle-opt %s -triton-tle-promote-local-store-staging -remarks-filter=.*staging -split-input-file -verify-diagnostics | FileCheck %s

// A use could see the difference in each of these: nothing moves.

// CHECK-NOT: ttg.local_alloc %{{.*}}#smem>{{$}}

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @single_stage(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: its loop has a single stage}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 1 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @initial_value(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it has an initial value}}
  %buf = ttg.local_alloc %init : (tensor<64x64xf16, #b>) -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @read_before_store(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: a read sees the value of an earlier iteration, or of the last one}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @read_behind_loop(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: a read sees the value of an earlier iteration, or of the last one}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  %y = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @read_in_front(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: a read sees the value of an earlier iteration, or of the last one}}
  %buf = ttg.local_alloc : () -> !buf
  %y = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @two_stores(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it is written in parts, or more than once}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @stored_in_front(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it is written in parts, or more than once}}
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %init, %buf : tensor<64x64xf16, #b> -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @partial_store(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it is written in parts, or more than once}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    %h = ttg.memdesc_subslice %buf[0, 0] : !buf -> !ttg.memdesc<32x64xf16, #s, #smem, mutable, 64x64>
    %z = arith.constant dense<0.0> : tensor<32x64xf16, #b>
    ttg.local_store %z, %h : tensor<32x64xf16, #b> -> !ttg.memdesc<32x64xf16, #s, #smem, mutable, 64x64>
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @store_under_condition(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: the store is not executed in every iteration of a loop}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    scf.if %c {
      ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    }
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @asynchronous_copy(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it has a use that is neither a store, a view nor a plain read}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %t = ttg.async_copy_global_to_local %p, %buf : tensor<64x64x!tt.ptr<f16>, #b> -> <64x64xf16, #s, #smem, mutable>
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @load_with_token(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it has a use that is neither a store, a view nor a plain read}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %t = ttg.async_wait {num = 0 : i32}
    %x = ttg.local_load %buf token %t : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func private @g(!buf) attributes {noinline = true}
tt.func @call(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it has a use that is neither a store, a view nor a plain read}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    tt.call @g(%buf) : (!buf) -> ()
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @local_pointers(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it has a use that is neither a store, a view nor a plain read}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %q = "tle.local_pointers"(%buf) : (!buf) -> tensor<64x64x!tt.ptr<f16, 3>, #b>
    %x = tt.load %q : tensor<64x64x!tt.ptr<f16, 3>, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @freed_in_loop(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: the loop frees it}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    ttg.local_dealloc %buf : !buf
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @asynchronous_product(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it has a use that is neither a store, a view nor a plain read}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    %z = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
    %d = ttng.warp_group_dot %buf, %buf, %z {isAsync = true} : !buf * !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf32, #mma>
    %w:2 = ttng.warp_group_dot_wait %d, %d {pendings = 0 : i32} : tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @other_warps(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it has a use that is neither a store, a view nor a plain read}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  ttg.warp_specialize(%buf)
  default {
    ttg.warp_yield
  }
  partition0(%b: !buf) num_warps(4) {
    ttg.warp_return
  } : (!buf) -> ()
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @never_stored(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: nothing stores to it}}
  %buf = ttg.local_alloc : () -> !buf
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    scf.yield %x : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @allocated_inside(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  scf.for %i = %lo to %hi step %step : i32 {
    // expected-remark @+1 {{the buffer stays where it is: it is allocated inside of the loop}}
    %buf = ttg.local_alloc : () -> !buf
    ttg.local_store %init, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @no_num_stages(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: its loop has a single stage}}
  %buf = ttg.local_alloc : () -> !buf
  scf.for %i = %lo to %hi step %step : i32 {
    ttg.local_store %init, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  }
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @one_of_two_buffers(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it has a use that is neither a store, a view nor a plain read}}
  %buf = ttg.local_alloc : () -> !buf
  // expected-remark @+1 {{the buffer stays where it is: it has a use that is neither a store, a view nor a plain read}}
  %other = ttg.local_alloc : () -> !buf
  scf.for %i = %lo to %hi step %step : i32 {
    ttg.local_store %init, %buf : tensor<64x64xf16, #b> -> !buf
    ttg.local_store %init, %other : tensor<64x64xf16, #b> -> !buf
    %either = arith.select %c, %buf, %other : !buf
    %x = ttg.local_load %either : !buf -> tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#st = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!turned = !ttg.memdesc<64x64xf16, #st, #smem, mutable>
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @stored_through_a_view(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it is written in parts, or more than once}}
  %buf = ttg.local_alloc : () -> !buf
  scf.for %i = %lo to %hi step %step : i32 {
    ttg.local_store %init, %buf : tensor<64x64xf16, #b> -> !buf
    %t = ttg.memdesc_trans %buf {order = array<i32: 1, 0>} : !buf -> !turned
    ttg.local_store %init, %t : tensor<64x64xf16, #b> -> !turned
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#st = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!turned = !ttg.memdesc<64x64xf16, #st, #smem, mutable>
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @view_leaves_the_loop(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it has a use that is neither a store, a view nor a plain read}}
  %buf = ttg.local_alloc : () -> !buf
  %view = ttg.memdesc_trans %buf {order = array<i32: 1, 0>} : !buf -> !turned
  %r = scf.for %i = %lo to %hi step %step iter_args(%v = %view) -> (!turned) : i32 {
    ttg.local_store %init, %buf : tensor<64x64xf16, #b> -> !buf
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    %t = ttg.memdesc_trans %buf {order = array<i32: 1, 0>} : !buf -> !turned
    scf.yield %t : !turned
  } {tt.num_stages = 3 : i32}
  %y = ttg.local_load %r : !turned -> tensor<64x64xf16, #b>
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @view_from_a_branch(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: it has a use that is neither a store, a view nor a plain read}}
  %buf = ttg.local_alloc : () -> !buf
  scf.for %i = %lo to %hi step %step : i32 {
    ttg.local_store %init, %buf : tensor<64x64xf16, #b> -> !buf
    %t = scf.if %c -> (!buf) {
      scf.yield %buf : !buf
    } else {
      scf.yield %buf : !buf
    }
    %x = ttg.local_load %t : !buf -> tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @stored_in_an_inner_loop(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: a read sees the value of an earlier iteration, or of the last one}}
  %buf = ttg.local_alloc : () -> !buf
  scf.for %i = %lo to %hi step %step : i32 {
    scf.for %j = %lo to %hi step %step : i32 {
      ttg.local_store %init, %buf : tensor<64x64xf16, #b> -> !buf
    } {tt.num_stages = 3 : i32}
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @read_behind_an_outer_loop(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>, %c: i1) {
  // expected-remark @+1 {{the buffer stays where it is: a read sees the value of an earlier iteration, or of the last one}}
  %buf = ttg.local_alloc : () -> !buf
  scf.for %j = %lo to %hi step %step : i32 {
    scf.for %i = %lo to %hi step %step : i32 {
    ttg.local_store %init, %buf : tensor<64x64xf16, #b> -> !buf
  } {tt.num_stages = 3 : i32}
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  }
  tt.return
}
}
