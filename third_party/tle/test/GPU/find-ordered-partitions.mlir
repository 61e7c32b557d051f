// RUN: tle-opt %s -triton-tle-find-ordered-partitions | FileCheck %s
// RUN: tle-opt %s -triton-tle-find-ordered-partitions -triton-tle-find-ordered-partitions | FileCheck %s

#vec = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#each = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#same = #ttg.linear<{register = [], lane = [[1], [2], [4], [8], [16]], warp = [[32], [64]], block = []}>
#turned = #ttg.linear<{register = [], lane = [[1], [2], [4], [8], [16]], warp = [[64], [32]], block = []}>
#square = #ttg.linear<{register = [], lane = [[0, 1], [0, 2], [0, 4], [1, 0], [2, 0]], warp = [[4, 0], [8, 0]], block = []}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!line = !ttg.memdesc<128xf32, #plain, #smem, mutable>
!slots = !ttg.memdesc<2x128xf32, #plain, #smem, mutable>
!word = !ttg.memdesc<1xi64, #plain, #smem, mutable>
!words = !ttg.memdesc<4x1xi64, #plain, #smem, mutable>
!half = !ttg.memdesc<64xf32, #plain, #smem, mutable, 128>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // The default region waits for a barrier of its own; partition 0 writes fields, partition 1 reads them.
  // CHECK-LABEL: @ordered
  // CHECK: tle.ordered = array<i32: 1, 2>
  tt.func public @ordered(%w: !word, %n: i32, %p: tensor<128x!tt.ptr<f32>, #vec>) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !slots
    ttg.warp_specialize(%a, %w, %n)
    default {
      gpu.barrier
      ttg.warp_yield
    }
    partition0(%s: !slots, %b: !word, %m: i32) num_warps(4) {
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      ttng.wait_barrier %b, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
      %slot = ttg.memdesc_index %s[%m] : !slots -> !line
      ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
      ttng.arrive_barrier %b, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      ttg.warp_return
    }
    partition1(%s: !slots, %b: !word, %m: i32) num_warps(4) {
      ttng.wait_barrier %b, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
      %slot = ttg.memdesc_index %s[%m] : !slots -> !line
      %v = ttg.local_load %slot : !line -> tensor<128xf32, #each>
      %r = "tt.reduce"(%v) <{axis = 0 : i32}> ({
      ^bb0(%x: f32, %y: f32):
        %z = arith.addf %x, %y : f32
        tt.reduce.return %z : f32
      }) : (tensor<128xf32, #each>) -> f32
      ttng.arrive_barrier %b, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      ttg.warp_return
    } : (!slots, !word, i32) -> ()
    tt.return
  }

  // Read and written; no field of a pipe; a conversion; a reduction over warps; an atomic, whose scratch is not known.
  // CHECK-LABEL: @unordered
  // CHECK-NOT: tle.ordered
  // CHECK: tt.return
  tt.func public @unordered(%w: !word, %n: i32, %p: tensor<128x!tt.ptr<f32>, #vec>) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !slots
    %other = ttg.local_alloc : () -> !slots
    ttg.warp_specialize(%a, %other, %n)
    default {
      %v = ttg.local_load %other : !slots -> tensor<2x128xf32, #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [1, 4], order = [1, 0]}>>
      ttg.warp_yield
    }
    partition0(%s: !slots, %o: !slots, %m: i32) num_warps(4) {
      %slot = ttg.memdesc_index %s[%m] : !slots -> !line
      %v = ttg.local_load %slot : !line -> tensor<128xf32, #vec>
      ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
      ttg.warp_return
    }
    partition1(%s: !slots, %o: !slots, %m: i32) num_warps(4) {
      %slot = ttg.memdesc_index %o[%m] : !slots -> !line
      %v = ttg.local_load %slot : !line -> tensor<128xf32, #vec>
      ttg.warp_return
    }
    partition2(%s: !slots, %o: !slots, %m: i32) num_warps(4) {
      %slot = ttg.memdesc_index %s[%m] : !slots -> !line
      %v = ttg.local_load %slot : !line -> tensor<128xf32, #vec>
      %c = ttg.convert_layout %v : tensor<128xf32, #vec> -> tensor<128xf32, #each>
      ttg.warp_return
    }
    partition3(%s: !slots, %o: !slots, %m: i32) num_warps(4) {
      %slot = ttg.memdesc_index %s[%m] : !slots -> !line
      %v = ttg.local_load %slot : !line -> tensor<128xf32, #vec>
      %r = "tt.reduce"(%v) <{axis = 0 : i32}> ({
      ^bb0(%x: f32, %y: f32):
        %z = arith.addf %x, %y : f32
        tt.reduce.return %z : f32
      }) : (tensor<128xf32, #vec>) -> f32
      ttg.warp_return
    } : (!slots, !slots, i32) -> ()
    tt.return
  }

  // Elements that stay in their threads, in another order or under another shape, take no scratch memory.
  // CHECK-LABEL: @in_threads
  // CHECK: tle.ordered = array<i32: 1>
  tt.func public @in_threads(%w: !word, %n: i32) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !slots
    ttg.warp_specialize(%a, %n)
    default {
      gpu.barrier
      ttg.warp_yield
    }
    partition0(%s: !slots, %m: i32) num_warps(4) {
      %slot = ttg.memdesc_index %s[%m] : !slots -> !line
      %v = ttg.local_load %slot : !line -> tensor<128xf32, #vec>
      %c = ttg.convert_layout %v : tensor<128xf32, #vec> -> tensor<128xf32, #same>
      %t = tt.reshape %c : tensor<128xf32, #same> -> tensor<16x8xf32, #square>
      ttg.warp_return
    } : (!slots, i32) -> ()
    tt.return
  }

  // A reshape that may reorder, and one warp's elements in another.
  // CHECK-LABEL: @between_threads
  // CHECK-NOT: tle.ordered
  // CHECK: tt.return
  tt.func public @between_threads(%w: !word, %n: i32) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !slots
    ttg.warp_specialize(%a, %n)
    default {
      gpu.barrier
      ttg.warp_yield
    }
    partition0(%s: !slots, %m: i32) num_warps(4) {
      %slot = ttg.memdesc_index %s[%m] : !slots -> !line
      %v = ttg.local_load %slot : !line -> tensor<128xf32, #vec>
      %t = tt.reshape %v allow_reorder : tensor<128xf32, #vec> -> tensor<16x8xf32, #square>
      ttg.warp_return
    }
    partition1(%s: !slots, %m: i32) num_warps(4) {
      %slot = ttg.memdesc_index %s[%m] : !slots -> !line
      %v = ttg.local_load %slot : !line -> tensor<128xf32, #vec>
      %c = ttg.convert_layout %v : tensor<128xf32, #vec> -> tensor<128xf32, #turned>
      ttg.warp_return
    } : (!slots, i32) -> ()
    tt.return
  }

  // Each op writes once a tile, to a part of its own: one store, in a branch too; two halves; two tiles a turn, whose
  // slots differ by one.
  // CHECK-LABEL: @once_a_tile
  // CHECK: tle.ordered = array<i32: 1, 2, 3, 4>
  tt.func public @once_a_tile(%n: i32) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !slots
    %bars = ttg.local_alloc : () -> !words
    ttg.warp_specialize(%a, %bars, %n)
    default {
      gpu.barrier
      ttg.warp_yield
    }
    partition0(%s: !slots, %b: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      %h = arith.constant dense<1.0> : tensor<64xf32, #vec>
      scf.for %i = %c0 to %m step %c1 : i32 {
        %p = arith.andi %i, %c1 : i32
        %full = ttg.memdesc_index %b[%p] : !words -> !word
        %slot = ttg.memdesc_index %s[%p] : !slots -> !line
        ttng.wait_barrier %full, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
        ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
        ttng.arrive_barrier %full, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      }
      ttg.warp_return
    }
    partition1(%s: !slots, %b: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      %h = arith.constant dense<1.0> : tensor<64xf32, #vec>
      %g = arith.cmpi slt, %m, %c1 : i32
      scf.for %i = %c0 to %m step %c1 : i32 {
        %p = arith.andi %i, %c1 : i32
        %full = ttg.memdesc_index %b[%p] : !words -> !word
        %slot = ttg.memdesc_index %s[%p] : !slots -> !line
        ttng.wait_barrier %full, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
        scf.if %g {
          ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
        }
        ttng.arrive_barrier %full, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      }
      ttg.warp_return
    }
    partition2(%s: !slots, %b: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      %h = arith.constant dense<1.0> : tensor<64xf32, #vec>
      scf.for %i = %c0 to %m step %c1 : i32 {
        %p = arith.andi %i, %c1 : i32
        %full = ttg.memdesc_index %b[%p] : !words -> !word
        %slot = ttg.memdesc_index %s[%p] : !slots -> !line
        ttng.wait_barrier %full, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
        %l = ttg.memdesc_subslice %slot[0] : !line -> !half
        %r = ttg.memdesc_subslice %slot[64] : !line -> !half
        ttg.local_store %h, %l : tensor<64xf32, #vec> -> !half
        ttg.local_store %h, %r : tensor<64xf32, #vec> -> !half
        ttng.arrive_barrier %full, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      }
      ttg.warp_return
    }
    partition3(%s: !slots, %b: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      %h = arith.constant dense<1.0> : tensor<64xf32, #vec>
      scf.for %i = %c0 to %m step %c1 : i32 {
        %p = arith.andi %i, %c1 : i32
        %full = ttg.memdesc_index %b[%p] : !words -> !word
        %slot = ttg.memdesc_index %s[%p] : !slots -> !line
        ttng.wait_barrier %full, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
        ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
        ttng.arrive_barrier %full, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
        %j = arith.addi %i, %c1 : i32
        %np = arith.andi %j, %c1 : i32
        %nfull = ttg.memdesc_index %b[%np] : !words -> !word
        %nslot = ttg.memdesc_index %s[%np] : !slots -> !line
        ttng.wait_barrier %nfull, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
        ttg.local_store %v, %nslot : tensor<128xf32, #vec> -> !line
        ttng.arrive_barrier %nfull, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      }
      ttg.warp_return
    } : (!slots, !words, i32) -> ()
    tt.return
  }

  // Another thread may write one place of a tile twice: a part over the whole, a loop in a tile, the wait for the next
  // tile between, steps of another pipe.
  // CHECK-LABEL: @twice_a_tile
  // CHECK-NOT: tle.ordered
  // CHECK: tt.return
  tt.func public @twice_a_tile(%n: i32) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !slots
    %bars = ttg.local_alloc : () -> !words
    ttg.warp_specialize(%a, %bars, %n)
    default {
      gpu.barrier
      ttg.warp_yield
    }
    partition0(%s: !slots, %b: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      %h = arith.constant dense<1.0> : tensor<64xf32, #vec>
      scf.for %i = %c0 to %m step %c1 : i32 {
        %p = arith.andi %i, %c1 : i32
        %full = ttg.memdesc_index %b[%p] : !words -> !word
        %slot = ttg.memdesc_index %s[%p] : !slots -> !line
        ttng.wait_barrier %full, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
        %l = ttg.memdesc_subslice %slot[64] : !line -> !half
        ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
        ttg.local_store %h, %l : tensor<64xf32, #vec> -> !half
        ttng.arrive_barrier %full, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      }
      ttg.warp_return
    }
    partition1(%s: !slots, %b: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      %h = arith.constant dense<1.0> : tensor<64xf32, #vec>
      scf.for %i = %c0 to %m step %c1 : i32 {
        %p = arith.andi %i, %c1 : i32
        %full = ttg.memdesc_index %b[%p] : !words -> !word
        %slot = ttg.memdesc_index %s[%p] : !slots -> !line
        ttng.wait_barrier %full, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
        scf.for %k = %c0 to %m step %c1 : i32 {
          ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
        }
        ttng.arrive_barrier %full, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      }
      ttg.warp_return
    }
    partition2(%s: !slots, %b: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      %h = arith.constant dense<1.0> : tensor<64xf32, #vec>
      scf.for %i = %c0 to %m step %c1 : i32 {
        %p = arith.andi %i, %c1 : i32
        %j = arith.addi %i, %c1 : i32
        %q = arith.andi %j, %c1 : i32
        %this = ttg.memdesc_index %b[%p] : !words -> !word
        %next = ttg.memdesc_index %b[%q] : !words -> !word
        %slot = ttg.memdesc_index %s[%p] : !slots -> !line
        ttng.wait_barrier %this, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
        ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
        ttng.wait_barrier %next, %m {tle.per_thread, tle.pipe = 0 : i32} : !word
        ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
        ttng.arrive_barrier %this, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      }
      ttg.warp_return
    }
    partition3(%s: !slots, %b: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      %h = arith.constant dense<1.0> : tensor<64xf32, #vec>
      scf.for %i = %c0 to %m step %c1 : i32 {
        %p = arith.andi %i, %c1 : i32
        %full = ttg.memdesc_index %b[%p] : !words -> !word
        %slot = ttg.memdesc_index %s[%p] : !slots -> !line
        ttng.wait_barrier %full, %m {tle.per_thread, tle.pipe = 1 : i32} : !word
        ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
        ttng.arrive_barrier %full, 1 {tle.per_thread, tle.pipe = 1 : i32} : !word
      }
      ttg.warp_return
    } : (!slots, !words, i32) -> ()
    tt.return
  }

  // A one-shot pipe has no waits: the commit stands between two turns. With neither a loop may write one tile for ever.
  // CHECK-LABEL: @commit_behind
  // CHECK: tle.ordered = array<i32: 1>
  tt.func public @commit_behind(%n: i32) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !slots
    %bars = ttg.local_alloc : () -> !words
    ttg.warp_specialize(%a, %bars, %n)
    default {
      gpu.barrier
      ttg.warp_yield
    }
    partition0(%s: !slots, %b: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      %h = arith.constant dense<1.0> : tensor<64xf32, #vec>
      scf.for %i = %c0 to %m step %c1 : i32 {
        %p = arith.andi %i, %c1 : i32
        %full = ttg.memdesc_index %b[%p] : !words -> !word
        %slot = ttg.memdesc_index %s[%p] : !slots -> !line
        ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
        ttng.arrive_barrier %full, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      }
      ttg.warp_return
    }
    partition1(%s: !slots, %b: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : tensor<128xf32, #vec>
      %h = arith.constant dense<1.0> : tensor<64xf32, #vec>
      scf.for %i = %c0 to %m step %c1 : i32 {
        %p = arith.andi %i, %c1 : i32
        %slot = ttg.memdesc_index %s[%p] : !slots -> !line
        ttg.local_store %v, %slot : tensor<128xf32, #vec> -> !line
      }
      ttg.warp_return
    } : (!slots, !words, i32) -> ()
    tt.return
  }
}
