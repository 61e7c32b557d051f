// RUN: tle-opt %s -triton-tle-insert-local-pointer-barriers | FileCheck %s

#b = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<128xf32, #shared, #smem, mutable>
!pointers = tensor<128x!tt.ptr<f32, 3>, #b>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @write_then_read
  // CHECK: tt.store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.store
  tt.func public @write_then_read(%buf: !buffer, %i: tensor<128xi32, #b>, %v: tensor<128xf32, #b>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> !pointers
    %q = "tle.local_pointers"(%buf, %i) : (!buffer, tensor<128xi32, #b>) -> !pointers
    tt.store %p, %v : !pointers
    %w = tt.load %q : !pointers
    %x = tt.load %p : !pointers
    tt.store %q, %x : !pointers
    tt.return
  }

  // The stock engine orders ttg ops among themselves.
  // CHECK-LABEL: @ttg_only
  // CHECK-NOT: gpu.barrier
  // CHECK: tt.return
  tt.func public @ttg_only(%buf: !buffer, %v: tensor<128xf32, #b>) {
    ttg.local_store %v, %buf : tensor<128xf32, #b> -> !buffer
    %w = ttg.local_load %buf : !buffer -> tensor<128xf32, #b>
    tt.return
  }

  // CHECK-LABEL: @mixed
  // CHECK: ttg.local_store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_store
  tt.func public @mixed(%buf: !buffer, %v: tensor<128xf32, #b>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> !pointers
    ttg.local_store %v, %buf : tensor<128xf32, #b> -> !buffer
    %w = tt.load %p : !pointers
    ttg.local_store %w, %buf : tensor<128xf32, #b> -> !buffer
    tt.return
  }

  // Different allocations are different memory. A fresh one may lie where
  // something else was.
  // CHECK-LABEL: @two_buffers
  // CHECK: gpu.barrier
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: tt.load
  // CHECK-NOT: gpu.barrier
  // CHECK: tt.return
  tt.func public @two_buffers(%v: tensor<128xf32, #b>) {
    %a = ttg.local_alloc : () -> !buffer
    %b = ttg.local_alloc : () -> !buffer
    %p = "tle.local_pointers"(%a) : (!buffer) -> !pointers
    %q = "tle.local_pointers"(%b) : (!buffer) -> !pointers
    tt.store %p, %v : !pointers
    %w = tt.load %q : !pointers
    tt.return
  }

  // CHECK-LABEL: @own_barrier
  // CHECK: tt.store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: tt.return
  tt.func public @own_barrier(%buf: !buffer, %v: tensor<128xf32, #b>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> !pointers
    tt.store %p, %v : !pointers
    gpu.barrier
    %w = tt.load %p : !pointers
    tt.return
  }

  // The load of one iteration meets the store of the next.
  // CHECK-LABEL: @loop
  // CHECK: scf.for
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: }
  tt.func public @loop(%buf: !buffer, %v: tensor<128xf32, #b>, %n: i32) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> !pointers
    scf.for %i = %n to %n step %n : i32 {
      tt.store %p, %v : !pointers
      %w = tt.load %p : !pointers
    }
    tt.return
  }

  // A store on one way is enough.
  // CHECK-LABEL: @branch
  // CHECK: scf.if
  // CHECK-NEXT: tt.store
  // CHECK: }
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.load
  tt.func public @branch(%buf: !buffer, %v: tensor<128xf32, #b>, %c: i1) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> !pointers
    scf.if %c {
      tt.store %p, %v : !pointers
    }
    %w = tt.load %p : !pointers
    tt.return
  }

  // A buffer that no pointer leads to is stock's to order, in several blocks,
  // too.
  // CHECK-LABEL: @other_buffer
  // CHECK: ttg.local_store
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: cf.cond_br
  // CHECK: ^bb1:
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.load
  tt.func @other_buffer(%v: tensor<128xf32, #b>, %c: i1) {
    %a = ttg.local_alloc : () -> !buffer
    %b = ttg.local_alloc : () -> !buffer
    %p = "tle.local_pointers"(%a) : (!buffer) -> !pointers
    ttg.local_store %v, %b : tensor<128xf32, #b> -> !buffer
    %x = ttg.local_load %b : !buffer -> tensor<128xf32, #b>
    tt.store %p, %v : !pointers
    cf.cond_br %c, ^bb1, ^bb2
  ^bb1:
    %y = ttg.local_load %b : !buffer -> tensor<128xf32, #b>
    %z = tt.load %p : !pointers
    tt.return
  ^bb2:
    tt.return
  }

  // A pointer of unknown origin may lead to any buffer.
  // CHECK-LABEL: @unknown_pointer
  // CHECK: ttg.local_store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.load
  tt.func @unknown_pointer(%q: !pointers, %v: tensor<128xf32, #b>) {
    %b = ttg.local_alloc : () -> !buffer
    ttg.local_store %v, %b : tensor<128xf32, #b> -> !buffer
    %w = tt.load %q : !pointers
    tt.return
  }

  // Atomics do not need to be kept apart from each other.
  // CHECK-LABEL: @atomics
  // CHECK: tt.atomic_rmw
  // CHECK-NEXT: tt.atomic_rmw
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.load
  tt.func public @atomics(%buf: !buffer, %v: tensor<128xf32, #b>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> !pointers
    %x = tt.atomic_rmw fadd, acq_rel, cta, %p, %v : (!pointers, tensor<128xf32, #b>) -> tensor<128xf32, #b>
    %y = tt.atomic_rmw fadd, acq_rel, cta, %p, %v : (!pointers, tensor<128xf32, #b>) -> tensor<128xf32, #b>
    %w = tt.load %p : !pointers
    tt.return
  }

  // The wait of asynchronous copies ends with a barrier of the stock engine.
  // CHECK-LABEL: @after_wait
  // CHECK: ttg.async_wait
  // CHECK-NEXT: tt.load
  tt.func public @after_wait(%buf: !buffer, %g: tensor<128x!tt.ptr<f32>, #b>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> !pointers
    %t = ttg.async_copy_global_to_local %g, %buf : tensor<128x!tt.ptr<f32>, #b> -> <128xf32, #shared, #smem, mutable>
    %c = ttg.async_commit_group tokens %t
    %d = ttg.async_wait %c {num = 0 : i32}
    %w = tt.load %p : !pointers
    tt.return
  }

  // A buffer of a loop body is freed before the next iteration takes its place.
  // CHECK-LABEL: @buffer_of_loop
  // CHECK: scf.for
  // CHECK: ttg.local_alloc
  // CHECK: gpu.barrier
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_dealloc
  tt.func public @buffer_of_loop(%v: tensor<128xf32, #b>, %n: i32) {
    scf.for %i = %n to %n step %n : i32 {
      %buf = ttg.local_alloc %v : (tensor<128xf32, #b>) -> !buffer
      %p = "tle.local_pointers"(%buf) : (!buffer) -> !pointers
      %w = tt.load %p : !pointers
    }
    tt.return
  }
}
