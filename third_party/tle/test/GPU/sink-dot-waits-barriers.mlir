// RUN: tle-opt %s -triton-tle-sink-dot-waits | FileCheck %s
// RUN: tle-opt %s -triton-tle-sink-dot-waits -triton-tle-sink-dot-waits | FileCheck %s

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [1, 8], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [8, 1], instrShape = [16, 64, 16]}>
#mma4 = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#mma2 = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 4], instrShape = [16, 8]}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
!view = !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable>
!word = !ttg.memdesc<1xi64, #bar, #smem, mutable>
!acc = tensor<64x64xf32, #mma>
!other_left = tensor<64x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #mma2, kWidth = 2}>>
!left = tensor<64x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>
!columns = tensor<64xf32, #ttg.slice<{dim = 0, parent = #mma}>>
!blocked_tile = tensor<64x64xbf16, #b>
!blocked_sum = tensor<64x64xf32, #b>
!row = tensor<64xf32, #ttg.slice<{dim = 1, parent = #mma}>>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 8 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Stock may put a barrier ahead of a load of what is not known to be stored and met for, and in reductions and
  // conversions across warps; none where each thread has it all.
  // CHECK-LABEL: @barriers_of_stock
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.local_load
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: "tt.reduce"
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func public @barriers_of_stock(%q: !tile, %k: !view, %zero: !acc, %x: !acc, %b: tensor<64x64xbf16, #mma>) -> (!acc, !acc, !acc, !acc, !blocked_tile, !columns, !blocked_sum, !left) {
    %d = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %l = ttg.local_load %q : !tile -> !blocked_tile
    %d2 = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w2 = ttng.warp_group_dot_wait %d2 {pendings = 0 : i32} : !acc
    %r = "tt.reduce"(%x) <{axis = 0 : i32}> ({
    ^bb0(%y: f32, %z: f32):
      %m = arith.maxnumf %y, %z : f32
      tt.reduce.return %m : f32
    }) : (!acc) -> !columns
    %d3 = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w3 = ttng.warp_group_dot_wait %d3 {pendings = 0 : i32} : !acc
    %c = ttg.convert_layout %x : !acc -> !blocked_sum
    %d4 = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w4 = ttng.warp_group_dot_wait %d4 {pendings = 0 : i32} : !acc
    %own = ttg.convert_layout %b : tensor<64x64xbf16, #mma> -> !left
    tt.return %w, %w2, %w3, %w4, %l, %r, %c, %own : !acc, !acc, !acc, !acc, !blocked_tile, !columns, !blocked_sum, !left
  }

  // The program's barrier stands behind the write, or one of stock: between the write of %b and its first load. The
  // write of %c comes behind that.
  // CHECK-LABEL: @closed_writes
  // CHECK: gpu.barrier
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK: ttg.local_load
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.local_load
  tt.func public @closed_writes(%t: !blocked_tile, %zero: !acc) -> (!acc, !acc, !blocked_tile, !blocked_tile, !blocked_tile, !blocked_tile, !blocked_tile) {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %c = ttg.local_alloc : () -> !tile
    ttg.local_store %t, %a : !blocked_tile -> !tile
    gpu.barrier
    %d = ttng.warp_group_dot %a, %a, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %l = ttg.local_load %a : !tile -> !blocked_tile
    ttg.local_store %t, %a : !blocked_tile -> !tile
    ttg.local_store %t, %b : !blocked_tile -> !tile
    %l1 = ttg.local_load %b : !tile -> !blocked_tile
    ttg.local_store %t, %c : !blocked_tile -> !tile
    %d2 = ttng.warp_group_dot %a, %a, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
    %w2 = ttng.warp_group_dot_wait %d2 {pendings = 0 : i32} : !acc
    %l2 = ttg.local_load %a : !tile -> !blocked_tile
    %l3 = ttg.local_load %b : !tile -> !blocked_tile
    %l4 = ttg.local_load %c : !tile -> !blocked_tile
    tt.return %w, %w2, %l, %l1, %l2, %l3, %l4 : !acc, !acc, !blocked_tile, !blocked_tile, !blocked_tile, !blocked_tile, !blocked_tile
  }

  // All warps meet behind the wait, before they write. The second time something is written first.
  // CHECK-LABEL: @barrier_behind
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: gpu.barrier
  tt.func public @barrier_behind(%q: !tile, %k: !view, %zero: !acc, %x: !acc, %t: !blocked_tile) -> (!acc, !acc, !blocked_sum, !blocked_sum) {
    %d = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %c = ttg.convert_layout %x : !acc -> !blocked_sum
    gpu.barrier
    %d2 = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w2 = ttng.warp_group_dot_wait %d2 {pendings = 0 : i32} : !acc
    %c2 = ttg.convert_layout %x : !acc -> !blocked_sum
    ttg.local_store %t, %q : !blocked_tile -> !tile
    gpu.barrier
    tt.return %w, %w2, %c, %c2 : !acc, !acc, !blocked_sum, !blocked_sum
  }

  // A partition that never writes what its product reads, and one that does.
  // CHECK-LABEL: @foreign_buffers
  // CHECK: partition0
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK: partition1
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.convert_layout
  tt.func public @foreign_buffers(%t: !blocked_tile, %zero: !acc, %x: !acc) {
    %a = ttg.local_alloc : () -> !tile
    ttg.warp_specialize(%a, %zero, %x)
    default {
      ttg.warp_yield
    }
    partition0(%q: !tile, %z: !acc, %y: !acc) num_warps(8) {
      %d = ttng.warp_group_dot %q, %q, %z {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %c = ttg.convert_layout %y : !acc -> !blocked_sum
      %u = math.exp2 %w : !acc
      ttg.warp_return
    }
    partition1(%q: !tile, %z: !acc, %y: !acc) num_warps(8) {
      %d = ttng.warp_group_dot %q, %q, %z {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %c = ttg.convert_layout %y : !acc -> !blocked_sum
      %s = arith.truncf %c : !blocked_sum to !blocked_tile
      ttg.local_store %s, %q : !blocked_tile -> !tile
      ttg.warp_return
    } : (!tile, !acc, !acc) -> ()
    tt.return
  }

  // One group of warps makes the product: whoever has waited knows that all of it has ended.
  // CHECK-LABEL: @one_group
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func public @one_group(%a: !tile) {
    ttg.warp_specialize(%a)
    default {
      ttg.warp_yield
    }
    partition0(%q: !tile) num_warps(4) {
      %none = arith.constant dense<0.0> : tensor<64x64xf32, #mma4>
      %d = ttng.warp_group_dot %q, %q, %none {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> tensor<64x64xf32, #mma4>
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : tensor<64x64xf32, #mma4>
      %l = ttg.local_load %q : !tile -> tensor<64x64xbf16, #mma4>
      ttg.local_store %l, %q : tensor<64x64xbf16, #mma4> -> !tile
      ttg.warp_return
    } : (!tile) -> ()
    tt.return
  }

  // Writes from before the ttg.warp_specialize may be open in its default region; a partition begins with none.
  // CHECK-LABEL: @open_at_entry
  // CHECK: default
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.local_load
  // CHECK: partition0
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func public @open_at_entry(%zero: !acc) {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %c = ttg.local_alloc : () -> !tile
    ttg.warp_specialize(%b, %c, %zero)
    default {
      %d = ttng.warp_group_dot %a, %a, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %l = ttg.local_load %c : !tile -> !blocked_tile
      ttg.local_store %l, %a : !blocked_tile -> !tile
      ttg.warp_yield
    }
    partition0(%q: !tile, %r: !tile, %z: !acc) num_warps(8) {
      %d = ttng.warp_group_dot %q, %q, %z {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %l = ttg.local_load %r : !tile -> !blocked_tile
      ttg.local_store %l, %q : !blocked_tile -> !tile
      ttg.warp_return
    } : (!tile, !tile, !acc) -> ()
    tt.return
  }

  // Stock loads in the layout that the load is converted to, but not registers of products for factors of others. An
  // allocation is written where its source is loaded.
  // CHECK-LABEL: @converted_loads
  // CHECK: gpu.barrier
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttg.local_alloc
  tt.func public @converted_loads(%t: !blocked_tile, %zero: !acc) -> (!acc, !acc, tensor<64x64xbf16, #mma>, !other_left, !tile) {
    %a = ttg.local_alloc : () -> !tile
    ttg.local_store %t, %a : !blocked_tile -> !tile
    gpu.barrier
    %d = ttng.warp_group_dot %a, %a, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %l = ttg.local_load %a : !tile -> !blocked_tile
    %x = ttg.convert_layout %l : !blocked_tile -> tensor<64x64xbf16, #mma>
    %l2 = ttg.local_load %a : !tile -> tensor<64x64xbf16, #mma>
    %x2 = ttg.convert_layout %l2 : tensor<64x64xbf16, #mma> -> !other_left
    %d2 = ttng.warp_group_dot %a, %a, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
    %w2 = ttng.warp_group_dot_wait %d2 {pendings = 0 : i32} : !acc
    %l3 = ttg.local_load %a : !tile -> !blocked_tile
    %x3 = ttg.convert_layout %l3 : !blocked_tile -> tensor<64x64xbf16, #mma>
    %b = ttg.local_alloc %x3 : (tensor<64x64xbf16, #mma>) -> !tile
    tt.return %w, %w2, %x, %x2, %b : !acc, !acc, tensor<64x64xbf16, #mma>, !other_left, !tile
  }

  // A partition that copies into a slot itself: its load of the slot gets a barrier.
  // CHECK-LABEL: @own_copy
  // CHECK: ttng.async_tma_copy_global_to_local
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.local_load
  tt.func public @own_copy(%desc: !tt.tensordesc<tensor<64x64xbf16>>, %zero: !acc) {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %full = ttg.local_alloc : () -> !word
    ttg.warp_specialize(%a, %b, %full, %desc, %zero)
    default {
      ttg.warp_yield
    }
    partition0(%q: !tile, %r: !tile, %f: !word, %e: !tt.tensordesc<tensor<64x64xbf16>>, %z: !acc) num_warps(8) {
      %true = arith.constant true
      %c0 = arith.constant 0 : i32
      ttng.async_tma_copy_global_to_local %e[%c0, %c0] %r, %f, %true {tle.per_thread, tle.pipe = 0 : i32} : !tt.tensordesc<tensor<64x64xbf16>>, !word -> !tile
      %d = ttng.warp_group_dot %q, %q, %z {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %l = ttg.local_load %r : !tile -> !blocked_tile
      ttg.local_store %l, %q : !blocked_tile -> !tile
      ttg.warp_return
    } : (!tile, !tile, !word, !tt.tensordesc<tensor<64x64xbf16>>, !acc) -> ()
    tt.return
  }
}
