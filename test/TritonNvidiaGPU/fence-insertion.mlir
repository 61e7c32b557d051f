// RUN: tle-opt %s -split-input-file -allow-unregistered-dialect -triton-nvidia-gpu-fence-insertion=tle=true | FileCheck %s
// Running it again changes nothing, before and after the fences are lowered.
// RUN: tle-opt %s -split-input-file -allow-unregistered-dialect -triton-nvidia-gpu-fence-insertion=tle=true -triton-nvidia-gpu-fence-insertion=tle=true | FileCheck %s
// RUN: tle-opt %s -split-input-file -allow-unregistered-dialect -triton-nvidia-gpu-fence-insertion=tle=true -triton-tle-lower-operand-fences > %t.once
// RUN: tle-opt %t.once -split-input-file -allow-unregistered-dialect -triton-nvidia-gpu-fence-insertion=tle=true | FileCheck %s --check-prefix=NONE
// NONE-NOT: tle.wgmma_shared_operand_fence
// Older targets read nothing through another proxy.
// RUN: tle-opt %s -split-input-file -allow-unregistered-dialect -triton-nvidia-gpu-fence-insertion="tle=true compute-capability=80" | FileCheck %s --check-prefix=NONE
// REQUIRES: tle

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!const = !ttg.memdesc<64x64xf16, #shared, #smem>
!tile = !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
!tileT = !ttg.memdesc<64x64xf16, #shared1, #smem, mutable>
!slots = !ttg.memdesc<2x64x64xf16, #shared, #smem, mutable>
!x = tensor<64x64xf16, #blocked>
!acc = tensor<64x64xf32, #mma>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // Two products of one write: one fence, right before the first.
  // CHECK-LABEL: @one_for_two_products
  // CHECK-COUNT-1: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @one_for_two_products(%x: !x, %c: !acc) -> (!acc, !acc) {
    %a = ttg.local_alloc %x : (!x) -> !const
    %b = ttg.local_alloc %x : (!x) -> !const
    %d = ttng.warp_group_dot %a, %b, %c : !const * !const -> !acc
    %e = ttng.warp_group_dot %b, %a, %c : !const * !const -> !acc
    tt.return %d, %e : !acc, !acc
  }

  // A write in between needs its own.
  // CHECK-LABEL: @write_between
  // CHECK: ttg.local_store
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @write_between(%x: !x, %c: !acc) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    ttg.local_store %x, %a : !x -> !tile
    %d = ttng.warp_group_dot %a, %a, %c : !tile * !tile -> !acc
    ttg.local_store %x, %a : !x -> !tile
    %e = ttng.warp_group_dot %a, %a, %d : !tile * !tile -> !acc
    tt.return %e : !acc
  }

  // The product reads another buffer than the one that was written.
  // CHECK-LABEL: @other_buffer
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @other_buffer(%x: !x, %c: !acc) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    ttg.local_store %x, %b : !x -> !tile
    %y = ttg.local_load %b : !tile -> !x
    %d = ttng.warp_group_dot %a, %a, %c : !tile * !tile -> !acc
    "test.use"(%y) : (!x) -> ()
    tt.return %d : !acc
  }

  // Operand A in registers is no shared memory.
  // CHECK-LABEL: @registers
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @registers(%a: tensor<64x64xf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>, %c: !acc) -> !acc {
    %b = ttg.local_alloc : () -> !tile
    %d = ttng.warp_group_dot %a, %b, %c : tensor<64x64xf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>> * !tile -> !acc
    tt.return %d : !acc
  }

  // A fence that stands there already serves.
  // CHECK-LABEL: @fence_in_source
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: ttng.fence_async_shared
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @fence_in_source(%x: !x, %c: !acc) -> !acc {
    %a = ttg.local_alloc %x : (!x) -> !const
    ttng.fence_async_shared {bCluster = false}
    %y = tt.trans %x {order = array<i32: 1, 0>} : !x -> tensor<64x64xf16, #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>>
    %d = ttng.warp_group_dot %a, %a, %c : !const * !const -> !acc
    tt.return %d : !acc
  }

  // TMA writes through the proxy that products read through.
  // CHECK-LABEL: @tma_load
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @tma_load(%desc: !tt.tensordesc<tensor<64x64xf16, #shared>>, %c: !acc) -> !acc {
    %c0 = arith.constant 0 : i32
    %true = arith.constant true
    %a = ttg.local_alloc : () -> !tile
    %bar = ttg.local_alloc : () -> !ttg.memdesc<1xi64, #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>, #smem, mutable>
    ttng.init_barrier %bar, 1 : !ttg.memdesc<1xi64, #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>, #smem, mutable>
    ttng.barrier_expect %bar, 8192, %true : !ttg.memdesc<1xi64, #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>, #smem, mutable>
    ttng.async_tma_copy_global_to_local %desc[%c0, %c0] %a, %bar, %true : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<1xi64, #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>, #smem, mutable> -> !tile
    ttng.wait_barrier %bar, %c0 : !ttg.memdesc<1xi64, #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>, #smem, mutable>
    %d = ttng.warp_group_dot %a, %a, %c : !tile * !tile -> !acc
    tt.return %d : !acc
  }

  // A TMA store reads as a product does.
  // CHECK-LABEL: @tma_store
  // CHECK: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.async_tma_copy_local_to_global
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @tma_store(%desc: !tt.tensordesc<tensor<64x64xf16, #shared>>, %x: !x) {
    %c0 = arith.constant 0 : i32
    %a = ttg.local_alloc %x : (!x) -> !const
    ttng.async_tma_copy_local_to_global %desc[%c0, %c0] %a : !tt.tensordesc<tensor<64x64xf16, #shared>>, !const
    ttng.async_tma_store_wait {pendings = 0 : i32}
    tt.return
  }

  // Slots with different constant numbers have nothing in common, the halves
  // of a tile neither; turned views are followed.
  // CHECK-LABEL: @other_part
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: "test.marker"
  // CHECK: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @other_part(%x: !x, %half: tensor<32x64xf16, #blocked>, %c: !acc) -> (!acc, !acc) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %slots = ttg.local_alloc : () -> !slots
    %s0 = ttg.memdesc_index %slots[%c0] : !slots -> !tile
    %s1 = ttg.memdesc_index %slots[%c1] : !slots -> !tile
    %big = ttg.local_alloc : () -> !ttg.memdesc<128x64xf16, #shared, #smem, mutable>
    %top = ttg.memdesc_subslice %big[0, 0] : !ttg.memdesc<128x64xf16, #shared, #smem, mutable> -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable, 128x64>
    %bottom = ttg.memdesc_subslice %big[64, 0] : !ttg.memdesc<128x64xf16, #shared, #smem, mutable> -> !ttg.memdesc<32x64xf16, #shared, #smem, mutable, 128x64>
    ttg.local_store %x, %s1 : !x -> !tile
    ttg.local_store %half, %bottom : tensor<32x64xf16, #blocked> -> !ttg.memdesc<32x64xf16, #shared, #smem, mutable, 128x64>
    %d = ttng.warp_group_dot %s0, %top, %c : !tile * !ttg.memdesc<64x64xf16, #shared, #smem, mutable, 128x64> -> !acc
    "test.marker"() : () -> ()
    %t = ttg.memdesc_trans %s1 {order = array<i32: 1, 0>} : !tile -> !tileT
    %e = ttng.warp_group_dot %s0, %t, %d : !tile * !tileT -> !acc
    tt.return %d, %e : !acc, !acc
  }

  // Which slot is not known: it may be the one that was written.
  // CHECK-LABEL: @some_slot
  // CHECK: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @some_slot(%x: !x, %c: !acc, %i: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %slots = ttg.local_alloc : () -> !slots
    %s0 = ttg.memdesc_index %slots[%c0] : !slots -> !tile
    %si = ttg.memdesc_index %slots[%i] : !slots -> !tile
    ttg.local_store %x, %si : !x -> !tile
    %d = ttng.warp_group_dot %s0, %s0, %c : !tile * !tile -> !acc
    tt.return %d : !acc
  }
}

// -----

// Loops.
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!const = !ttg.memdesc<64x64xf16, #shared, #smem>
!tile = !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
!slots = !ttg.memdesc<2x64x64xf16, #shared, #smem, mutable>
!x = tensor<64x64xf16, #blocked>
!ptr = tensor<64x64x!tt.ptr<f16>, #blocked>
!acc = tensor<64x64xf32, #mma>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // All writes lie before the loop: so does the fence, and a branch is no
  // obstacle.
  // CHECK-LABEL: @before_loops
  // CHECK: tle.wgmma_shared_operand_fence all{{$}}
  // CHECK-NEXT: scf.for
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @before_loops(%x: !x, %c: !acc, %n: i32, %p: i1) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %a = ttg.local_alloc %x : (!x) -> !const
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %c) -> (!acc) : i32 {
      %s = scf.for %j = %c0 to %n step %c1 iter_args(%inner = %acc) -> (!acc) : i32 {
        %v = scf.if %p -> (!acc) {
          %d = ttng.warp_group_dot %a, %a, %inner : !const * !const -> !acc
          scf.yield %d : !acc
        } else {
          scf.yield %inner : !acc
        }
        scf.yield %v : !acc
      }
      scf.yield %s : !acc
    }
    tt.return %r : !acc
  }

  // Q was written before the loop, P is in every iteration: two fences, and the
  // one inside of the loop also serves the first product of the next iteration.
  // CHECK-LABEL: @attention
  // CHECK: tle.wgmma_shared_operand_fence all{{$}}
  // CHECK-NEXT: scf.for
  // CHECK: ttng.warp_group_dot
  // CHECK: ttg.local_store
  // CHECK-NEXT: tle.wgmma_shared_operand_fence %{{.*}} :
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @attention(%x: !x, %c: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %q = ttg.local_alloc %x : (!x) -> !const
    %p = ttg.local_alloc : () -> !tile
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %c) -> (!acc) : i32 {
      %s = ttng.warp_group_dot %q, %q, %c : !const * !const -> !acc
      %h = arith.truncf %s : !acc to tensor<64x64xf16, #mma>
      ttg.local_store %h, %p : tensor<64x64xf16, #mma> -> !tile
      %d = ttng.warp_group_dot %p, %q, %acc : !tile * !const -> !acc
      scf.yield %d : !acc
    }
    tt.return %r : !acc
  }

  // The end of an iteration writes what the next one reads. Before the first
  // iteration nothing was written, so only a fence inside serves.
  // CHECK-LABEL: @previous_iteration
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: scf.for
  // CHECK-NEXT: tle.wgmma_shared_operand_fence %{{.*}} :
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @previous_iteration(%x: !x, %c: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %a = ttg.local_alloc : () -> !tile
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %c) -> (!acc) : i32 {
      %d = ttng.warp_group_dot %a, %a, %acc : !tile * !tile -> !acc
      ttg.local_store %x, %a : !x -> !tile
      scf.yield %d : !acc
    }
    tt.return %r : !acc
  }

  // A loop carries the two buffers and swaps them.
  // CHECK-LABEL: @loop_carried
  // CHECK: scf.for
  // CHECK: ttg.local_store
  // CHECK-NEXT: tle.wgmma_shared_operand_fence %{{.*}} :
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @loop_carried(%x: !x, %c: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %c, %this = %a, %that = %b) -> (!acc, !tile, !tile) : i32 {
      ttg.local_store %x, %that : !x -> !tile
      %d = ttng.warp_group_dot %this, %this, %acc : !tile * !tile -> !acc
      scf.yield %d, %that, %this : !acc, !tile, !tile
    }
    tt.return %r#0 : !acc
  }

  // Copies that run ahead: one fence an iteration, behind the wait, for both
  // products; none before the loop, where no copy has ended yet.
  // CHECK-LABEL: @copies_ahead
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: scf.for
  // CHECK: ttg.async_wait
  // CHECK: tle.wgmma_shared_operand_fence %{{.*}} :
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @copies_ahead(%ptr: !ptr, %c: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %slots = ttg.local_alloc : () -> !slots
    %s0 = ttg.memdesc_index %slots[%c0] : !slots -> !tile
    %t0 = ttg.async_copy_global_to_local %ptr, %s0 : !ptr -> <64x64xf16, #shared, #smem, mutable>
    %g0 = ttg.async_commit_group tokens %t0
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %c, %slot = %c0) -> (!acc, i32) : i32 {
      %next = arith.xori %slot, %c1 : i32
      %sn = ttg.memdesc_index %slots[%next] : !slots -> !tile
      %t = ttg.async_copy_global_to_local %ptr, %sn : !ptr -> <64x64xf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait {num = 1 : i32}
      %si = ttg.memdesc_index %slots[%slot] : !slots -> !tile
      %d = ttng.warp_group_dot %si, %si, %acc : !tile * !tile -> !acc
      %e = ttng.warp_group_dot %si, %si, %d : !tile * !tile -> !acc
      scf.yield %e, %next : !acc, i32
    }
    tt.return %r#0 : !acc
  }

  // The fence for A comes before B's copy has ended, and orders nothing of it.
  // CHECK-LABEL: @fence_before_the_end_of_a_copy
  // CHECK: ttg.async_wait {num = 1 : i32}
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttg.async_wait {num = 0 : i32}
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // A wait for what has ended long ago is nothing new.
  // CHECK-NEXT: ttg.async_wait {num = 0 : i32}
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @fence_before_the_end_of_a_copy(%ptr: !ptr, %c: !acc) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %t0 = ttg.async_copy_global_to_local %ptr, %a : !ptr -> <64x64xf16, #shared, #smem, mutable>
    %g0 = ttg.async_commit_group tokens %t0
    %t1 = ttg.async_copy_global_to_local %ptr, %b : !ptr -> <64x64xf16, #shared, #smem, mutable>
    %g1 = ttg.async_commit_group tokens %t1
    %w0 = ttg.async_wait {num = 1 : i32}
    %d = ttng.warp_group_dot %a, %a, %c : !tile * !tile -> !acc
    %w1 = ttg.async_wait {num = 0 : i32}
    %e = ttng.warp_group_dot %b, %b, %d : !tile * !tile -> !acc
    %w2 = ttg.async_wait {num = 0 : i32}
    %f = ttng.warp_group_dot %b, %b, %e : !tile * !tile -> !acc
    tt.return %f : !acc
  }

  // CHECK-LABEL: @while_loop
  // CHECK: scf.while
  // CHECK: tle.wgmma_shared_operand_fence %{{.*}} :
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK: } do {
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @while_loop(%x: !x, %c: !acc, %p: i1) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %r = scf.while (%acc = %c) : (!acc) -> !acc {
      %d = ttng.warp_group_dot %a, %a, %acc : !tile * !tile -> !acc
      scf.condition(%p) %d : !acc
    } do {
    ^bb0(%acc: !acc):
      ttg.local_store %x, %a : !x -> !tile
      scf.yield %acc : !acc
    }
    tt.return %r : !acc
  }
}

// -----

// Branches, blocks, what is not known.
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
!x = tensor<64x64xf16, #blocked>
!acc = tensor<64x64xf32, #mma>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // CHECK-LABEL: @write_in_branch
  // CHECK: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @write_in_branch(%x: !x, %c: !acc, %p: i1) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    scf.if %p {
      ttg.local_store %x, %a : !x -> !tile
    }
    %d = ttng.warp_group_dot %a, %a, %c : !tile * !tile -> !acc
    tt.return %d : !acc
  }

  // Which of two buffers is not known.
  // CHECK-LABEL: @buffer_from_branch
  // CHECK: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @buffer_from_branch(%x: !x, %c: !acc, %p: i1) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    ttg.local_store %x, %a : !x -> !tile
    %e = ttng.warp_group_dot %b, %b, %c : !tile * !tile -> !acc
    %some = scf.if %p -> (!tile) {
      scf.yield %a : !tile
    } else {
      scf.yield %b : !tile
    }
    %d = ttng.warp_group_dot %some, %some, %e : !tile * !tile -> !acc
    tt.return %d : !acc
  }

  // CHECK-LABEL: @blocks
  // CHECK: ^bb1:
  // CHECK: ttg.local_store
  // CHECK: {{^ *}}^bb2(
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @blocks(%x: !x, %c: !acc, %p: i1) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    cf.cond_br %p, ^bb1, ^bb2(%b : !tile)
  ^bb1:
    ttg.local_store %x, %a : !x -> !tile
    cf.br ^bb2(%a : !tile)
  ^bb2(%some: !tile):
    %d = ttng.warp_group_dot %some, %some, %c : !tile * !tile -> !acc
    tt.return %d : !acc
  }

  // Whoever calls may have written the argument.
  // CHECK-LABEL: @argument
  // CHECK: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func private @argument(%a: !tile, %c: !acc) -> !acc attributes {noinline = true} {
    %d = ttng.warp_group_dot %a, %a, %c : !tile * !tile -> !acc
    %e = ttng.warp_group_dot %a, %a, %d : !tile * !tile -> !acc
    tt.return %e : !acc
  }

  // Whoever is called may write the buffer it gets, and no other.
  // CHECK-LABEL: @call
  // CHECK: tt.call
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @call(%c: !acc) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %r = tt.call @argument(%a, %c) : (!tile, !acc) -> !acc
    %d = ttng.warp_group_dot %b, %b, %r : !tile * !tile -> !acc
    %e = ttng.warp_group_dot %a, %a, %d : !tile * !tile -> !acc
    tt.return %e : !acc
  }

  // Inline assembly that stores to an address made from a buffer writes that
  // buffer; a load writes none.
  // CHECK-LABEL: @assembly
  // CHECK: st.shared
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ld.shared
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @assembly(%c: !acc, %i: i32) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %base = builtin.unrealized_conversion_cast %a : !tile to i32
    %address = arith.addi %base, %i : i32
    %r = tt.elementwise_inline_asm "{ .reg .pred p; setp.ne.b32 p, $3, 0; @p st.shared.b32 [$1], $2; mov.b32 $0, 0; }" {constraints = "=r,r,r,r", packed_element = 1 : i32, pure = false} %address, %i, %i : i32, i32, i32 -> i32
    %d = ttng.warp_group_dot %b, %b, %c : !tile * !tile -> !acc
    %e = ttng.warp_group_dot %a, %a, %d : !tile * !tile -> !acc
    %l = tt.elementwise_inline_asm "ld.shared.b32 $0, [$1];" {constraints = "=r,r", packed_element = 1 : i32, pure = false} %address : i32 -> i32
    %f = ttng.warp_group_dot %a, %b, %e : !tile * !tile -> !acc
    tt.return %f : !acc
  }

  // Assembly that stores to an address of unknown origin may write anything;
  // one that stores to global memory, nothing here.
  // CHECK-LABEL: @unknown_assembly
  // CHECK: st.global
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: tt.elementwise_inline_asm "st.b32
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @unknown_assembly(%c: !acc, %p: i64) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %r = tt.elementwise_inline_asm "st.global.b32 [$1], 0; mov.b32 $0, 0;" {constraints = "=r,l", packed_element = 1 : i32, pure = false} %p : i64 -> i32
    %d = ttng.warp_group_dot %a, %a, %c : !tile * !tile -> !acc
    %s = tt.elementwise_inline_asm "st.b32 [$1], 0; mov.b32 $0, 0;" {constraints = "=r,l", packed_element = 1 : i32, pure = false} %p : i64 -> i32
    %e = ttng.warp_group_dot %a, %a, %d : !tile * !tile -> !acc
    tt.return %e : !acc
  }

  // Stores through local pointers.
  // CHECK-LABEL: @local_pointers
  // CHECK: tt.store
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @local_pointers(%x: !x, %c: !acc) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %p = "tle.local_pointers"(%a) : (!tile) -> tensor<64x64x!tt.ptr<f16, 3>, #blocked>
    tt.store %p, %x : tensor<64x64x!tt.ptr<f16, 3>, #blocked>
    %d = ttng.warp_group_dot %b, %b, %c : !tile * !tile -> !acc
    %e = ttng.warp_group_dot %a, %a, %d : !tile * !tile -> !acc
    tt.return %e : !acc
  }
}

// -----

// Groups of warps.
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#words = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
!bar = !ttg.memdesc<1xi64, #words, #smem, mutable>
!acc = tensor<64x64xf32, #mma>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // What the other partition hands over unfenced needs a fence behind the wait.
  // CHECK-LABEL: @partitions
  // CHECK: partition0
  // CHECK: ttng.wait_barrier
  // CHECK-NEXT: tle.wgmma_shared_operand_fence %{{.*}} :
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @partitions() {
    %c0 = arith.constant 0 : i32
    %zero = arith.constant dense<0.0> : tensor<64x64xf16, #blocked>
    %a = ttg.local_alloc : () -> !tile
    %bar = ttg.local_alloc : () -> !bar
    ttng.init_barrier %bar, 1 : !bar
    ttg.warp_specialize(%a, %bar)
    default {
      ttg.local_store %zero, %a : tensor<64x64xf16, #blocked> -> !tile
      ttng.arrive_barrier %bar, 1 : !bar
      ttg.warp_yield
    }
    partition0(%pa: !tile, %pbar: !bar) num_warps(4) {
      %c = arith.constant dense<0.0> : !acc
      %p = arith.constant 0 : i32
      ttng.wait_barrier %pbar, %p : !bar
      %d = ttng.warp_group_dot %pa, %pa, %c : !tile * !tile -> !acc
      "test.use"(%d) : (!acc) -> ()
      ttg.warp_return
    } : (!tile, !bar) -> ()
    tt.return
  }

  // One that fences before it arrives leaves nothing to do.
  // CHECK-LABEL: @partitions_fenced
  // CHECK-NOT: tle.wgmma_shared_operand_fence
  // CHECK: tt.return
  tt.func @partitions_fenced() {
    %zero = arith.constant dense<0.0> : tensor<64x64xf16, #blocked>
    %a = ttg.local_alloc : () -> !tile
    %bar = ttg.local_alloc : () -> !bar
    ttng.init_barrier %bar, 1 : !bar
    ttg.warp_specialize(%a, %bar)
    default {
      ttg.local_store %zero, %a : tensor<64x64xf16, #blocked> -> !tile
      ttng.fence_async_shared {bCluster = false}
      ttng.arrive_barrier %bar, 1 : !bar
      ttg.warp_yield
    }
    partition0(%pa: !tile, %pbar: !bar) num_warps(4) {
      %c = arith.constant dense<0.0> : !acc
      %p = arith.constant 0 : i32
      ttng.wait_barrier %pbar, %p : !bar
      %d = ttng.warp_group_dot %pa, %pa, %c : !tile * !tile -> !acc
      "test.use"(%d) : (!acc) -> ()
      ttg.warp_return
    } : (!tile, !bar) -> ()
    tt.return
  }
}
