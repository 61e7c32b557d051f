// RUN: tle-opt %s -triton-tle-downgrade-invalid-async-copy | FileCheck %s
// RUN: tle-opt %s -canonicalize -triton-tle-downgrade-invalid-async-copy | FileCheck %s --check-prefix CANONICAL

#line = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!f16s = !ttg.memdesc<1024xf16, #shared, #smem, mutable>
!f32s = !ttg.memdesc<1024xf32, #shared, #smem, mutable>
!halves = tensor<1024x!tt.ptr<f16>, #line>
!words = tensor<1024x!tt.ptr<f32>, #line>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // The group keeps its other copy, and the wait waits for that.
  // CHECK-LABEL: @mixed_group
  // CHECK: %[[T:.*]] = ttg.async_copy_global_to_local
  // CHECK: tt.load
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: %[[G:.*]] = ttg.async_commit_group tokens %[[T]]
  // CHECK-NEXT: ttg.async_wait %[[G]] {num = 0 : i32}
  tt.func public @mixed_group(%p: !words, %q: !halves, %a: !f32s, %b: !f16s) {
    %t = ttg.async_copy_global_to_local %p, %a : !words -> <1024xf32, #shared, #smem, mutable>
    %u = ttg.async_copy_global_to_local %q, %b : !halves -> <1024xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t, %u
    %w = ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // Of two groups one is left: its wait alone. The other's was for all groups
  // only by chance.
  // CHECK-LABEL: @two_groups
  // CHECK: %[[T:.*]] = ttg.async_copy_global_to_local
  // CHECK-NEXT: %[[G:.*]] = ttg.async_commit_group tokens %[[T]]
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.async_wait %[[G]] {num = 0 : i32}
  tt.func public @two_groups(%p: !words, %q: !halves, %a: !f32s, %b: !f16s) {
    %t = ttg.async_copy_global_to_local %p, %a : !words -> <1024xf32, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %u = ttg.async_copy_global_to_local %q, %b : !halves -> <1024xf16, #shared, #smem, mutable>
    %h = ttg.async_commit_group tokens %u
    %w = ttg.async_wait %h {num = 0 : i32}
    %x = ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // Here the first group has no wait of its own: that of the second stays.
  // CHECK-LABEL: @relies_on_the_other_wait
  // CHECK: ttg.async_copy_global_to_local
  // CHECK: ttg.async_commit_group tokens
  // CHECK: %[[G:.*]] = ttg.async_commit_group{{$}}
  // CHECK-NEXT: ttg.async_wait %[[G]] {num = 0 : i32}
  tt.func public @relies_on_the_other_wait(%p: !words, %q: !halves, %a: !f32s, %b: !f16s) {
    %t = ttg.async_copy_global_to_local %p, %a : !words -> <1024xf32, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %u = ttg.async_copy_global_to_local %q, %b : !halves -> <1024xf16, #shared, #smem, mutable>
    %h = ttg.async_commit_group tokens %u
    %w = ttg.async_wait %h {num = 0 : i32}
    tt.return
  }

  // Waits that leave groups under way count the empty one.
  // CHECK-LABEL: @counted
  // CHECK: ttg.async_commit_group tokens
  // CHECK: tt.load
  // CHECK: ttg.async_commit_group{{$}}
  // CHECK: ttg.async_wait %{{.*}} {num = 1 : i32}
  // CHECK: ttg.async_wait %{{.*}} {num = 0 : i32}
  tt.func public @counted(%p: !words, %q: !halves, %a: !f32s, %b: !f16s) {
    %t = ttg.async_copy_global_to_local %p, %a : !words -> <1024xf32, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %u = ttg.async_copy_global_to_local %q, %b : !halves -> <1024xf16, #shared, #smem, mutable>
    %h = ttg.async_commit_group tokens %u
    %w = ttg.async_wait %g {num = 1 : i32}
    %x = ttg.async_wait %h {num = 0 : i32}
    tt.return
  }

  // A pipeline: the loop carries the groups, one of them for each tile.
  // CHECK-LABEL: @pipelined
  // CHECK: tt.load
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: %[[G:.*]] = ttg.async_commit_group{{$}}
  // CHECK: scf.for {{.*}} iter_args(%[[C:.*]] = %[[G]])
  // CHECK-NEXT: ttg.async_wait %[[C]] {num = 0 : i32}
  // CHECK-NEXT: %[[V:.*]] = tt.load %{{.*}} {loop.stage = 0 : i32}
  // CHECK-NEXT: ttg.local_store %[[V]], %{{.*}} {loop.stage = 0 : i32}
  // CHECK-NEXT: %[[H:.*]] = ttg.async_commit_group{{$}}
  // CHECK-NEXT: scf.yield %[[H]]
  tt.func public @pipelined(%q: !halves, %b: !f16s, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %t = ttg.async_copy_global_to_local %q, %b : !halves -> <1024xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %last = scf.for %i = %c0 to %n step %c1 iter_args(%c = %g) -> (!ttg.async.token) : i32 {
      %w = ttg.async_wait %c {num = 0 : i32}
      %u = ttg.async_copy_global_to_local %q, %b {loop.stage = 0 : i32} : !halves -> <1024xf16, #shared, #smem, mutable>
      %h = ttg.async_commit_group tokens %u
      scf.yield %h : !ttg.async.token
    }
    ttg.async_wait %last {num = 0 : i32}
    tt.return
  }

  // The loop carries the copy's own token: that of an empty group takes its place.
  // CHECK-LABEL: @carried_uncommitted
  // CHECK: ttg.local_store
  // CHECK-NEXT: %[[N:.*]] = ttg.async_commit_group{{$}}
  // CHECK: scf.for {{.*}} iter_args(%[[C:.*]] = %[[N]])
  // CHECK-NEXT: ttg.async_commit_group tokens %[[C]]
  // CHECK: ttg.local_store
  // CHECK-NEXT: %[[M:.*]] = ttg.async_commit_group{{$}}
  // CHECK-NEXT: scf.yield %[[M]]
  tt.func public @carried_uncommitted(%q: !halves, %b: !f16s, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %t = ttg.async_copy_global_to_local %q, %b : !halves -> <1024xf16, #shared, #smem, mutable>
    %last = scf.for %i = %c0 to %n step %c1 iter_args(%c = %t) -> (!ttg.async.token) : i32 {
      %g = ttg.async_commit_group tokens %c
      %w = ttg.async_wait %g {num = 0 : i32}
      %u = ttg.async_copy_global_to_local %q, %b : !halves -> <1024xf16, #shared, #smem, mutable>
      scf.yield %u : !ttg.async.token
    }
    tt.return
  }

  // A wait, or a load, for the copy itself loses the token and no more.
  // CHECK-LABEL: @waited_uncommitted
  // CHECK: ttg.local_store
  // CHECK-NEXT: ttg.async_commit_group{{$}}
  // CHECK-NEXT: ttg.async_wait {num = 0 : i32}
  // CHECK-NEXT: ttg.local_load %{{[^ ]*}} :
  tt.func public @waited_uncommitted(%q: !halves, %b: !f16s) {
    %u = ttg.async_copy_global_to_local %q, %b : !halves -> <1024xf16, #shared, #smem, mutable>
    ttg.async_commit_group
    ttg.async_wait %u {num = 0 : i32}
    %v = ttg.local_load %b token %u : !f16s -> tensor<1024xf16, #line>
    tt.return
  }

  // In a partition of a warp specialization, whose captures carry what is known.
  // CHECK-LABEL: @partition
  // CHECK: partition0
  // CHECK: ttg.async_copy_global_to_local
  // CHECK-NOT: tt.load
  // CHECK: partition1
  // CHECK: tt.load
  tt.func public @partition(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f16>, %b: !f16s) {
    ttg.warp_specialize(%p, %q, %b)
    default {
      ttg.warp_yield
    }
    partition0(%x: !tt.ptr<f16>, %y: !tt.ptr<f16>, %buf: !f16s) num_warps(4) {
      %r = tt.make_range {start = 0 : i32, end = 1024 : i32} : tensor<1024xi32, #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>>
      %s = tt.splat %x : !tt.ptr<f16> -> tensor<1024x!tt.ptr<f16>, #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>>
      %a = tt.addptr %s, %r : tensor<1024x!tt.ptr<f16>, #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>>, tensor<1024xi32, #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>>
      %t = ttg.async_copy_global_to_local %a, %buf : tensor<1024x!tt.ptr<f16>, #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>> -> <1024xf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      ttg.async_wait %g {num = 0 : i32}
      ttg.warp_return
    }
    partition1(%x: !tt.ptr<f16>, %y: !tt.ptr<f16>, %buf: !f16s) num_warps(4) {
      %r = tt.make_range {start = 0 : i32, end = 1024 : i32} : tensor<1024xi32, #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>>
      %s = tt.splat %y : !tt.ptr<f16> -> tensor<1024x!tt.ptr<f16>, #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>>
      %a = tt.addptr %s, %r : tensor<1024x!tt.ptr<f16>, #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>>, tensor<1024xi32, #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>>
      %t = ttg.async_copy_global_to_local %a, %buf : tensor<1024x!tt.ptr<f16>, #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>> -> <1024xf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      ttg.async_wait %g {num = 0 : i32}
      ttg.warp_return
    } : (!tt.ptr<f16>, !tt.ptr<f16>, !f16s) -> ()
    tt.return
  }

  // A group may name a copy more than once, in any order of its uses.
  // CANONICAL-LABEL: @named_twice
  // CANONICAL: tt.load
  // CANONICAL-NEXT: ttg.local_store
  // CANONICAL: scf.for
  // CANONICAL-NEXT: ttg.async_commit_group{{$}}
  tt.func public @named_twice(%q: !halves, %b: !f16s, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %t = ttg.async_copy_global_to_local %q, %b : !halves -> <1024xf16, #shared, #smem, mutable>
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%u = %t) -> (!ttg.async.token) : i32 {
      %g = ttg.async_commit_group tokens %u, %u, %u
      scf.yield %u : !ttg.async.token
    }
    tt.return
  }

  // Pointers without a layout.
  // CHECK-LABEL: @no_layout
  // CHECK: tt.load %{{.*}} : tensor<1024x!tt.ptr<f16>>
  // CHECK-NEXT: ttg.local_store
  tt.func public @no_layout(%q: !tt.ptr<f16>, %b: !f16s) {
    %p = tt.splat %q : !tt.ptr<f16> -> tensor<1024x!tt.ptr<f16>>
    %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
    %o = tt.addptr %p, %r : tensor<1024x!tt.ptr<f16>>, tensor<1024xi32>
    %t = ttg.async_copy_global_to_local %o, %b : tensor<1024x!tt.ptr<f16>> -> <1024xf16, #shared, #smem, mutable>
    tt.return
  }
}
