// RUN: tle-opt %s -canonicalize -cse | FileCheck %s

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#s = #ttg.swizzled_shared<{vec = 8, perPhase = 1, maxPhase = 8, order = [1, 0]}>
#smem = #ttg.shared_memory

// An immutable buffer is a value: equal ones are one, unused ones go.
// CHECK-LABEL: @immutable
tt.func @immutable(%x: tensor<64x64xf16, #b>) -> (tensor<64x64xf16, #b>, tensor<64x64xf16, #b>) {
  // CHECK-NEXT: %[[A:.*]] = ttg.local_alloc %arg0
  // CHECK-NEXT: %[[X:.*]] = ttg.local_load %[[A]]
  // CHECK-NEXT: tt.return %[[X]], %[[X]]
  %unused = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
  %a0 = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
  %a1 = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
  %l0 = ttg.local_load %a0 : !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf16, #b>
  %l1 = ttg.local_load %a1 : !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf16, #b>
  tt.return %l0, %l1 : tensor<64x64xf16, #b>, tensor<64x64xf16, #b>
}

// Mutable ones are places: a store between two loads keeps both.
// CHECK-LABEL: @mutable
tt.func @mutable(%x: tensor<64x64xf16, #b>) -> (tensor<64x64xf16, #b>, tensor<64x64xf16, #b>) {
  // CHECK-COUNT-2: ttg.local_alloc %arg0
  // CHECK: ttg.local_load
  // CHECK: ttg.local_store
  // CHECK: ttg.local_load
  %a0 = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %a1 = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %l0 = ttg.local_load %a0 : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
  ttg.local_store %l0, %a1 : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %l1 = ttg.local_load %a1 : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
  tt.return %l0, %l1 : tensor<64x64xf16, #b>, tensor<64x64xf16, #b>
}

// An asynchronous copy, its commit and its wait stay in place.
// CHECK-LABEL: @copies
tt.func @copies(%p: tensor<64x64x!tt.ptr<f16>, #b>, %a: !ttg.memdesc<64x64xf16, #s, #smem, mutable>) {
  // CHECK-NEXT: ttg.async_copy_global_to_local
  // CHECK-NEXT: ttg.async_commit_group
  // CHECK-NEXT: ttg.async_wait
  // CHECK-NEXT: ttg.local_barrier
  // CHECK-NEXT: tt.return
  %t = ttg.async_copy_global_to_local %p, %a : tensor<64x64x!tt.ptr<f16>, #b> -> <64x64xf16, #s, #smem, mutable>
  %c = ttg.async_commit_group tokens %t
  %w = ttg.async_wait %c {num = 0 : i32}
  ttg.local_barrier
  tt.return
}

// CHECK-LABEL: @views
tt.func @views(%a: !ttg.memdesc<2x64x64xf16, #s, #smem, mutable>, %b: !ttg.memdesc<64x64xf16, #s, #smem>, %i: i32)
    -> !ttg.memdesc<64x64xf16, #s, #smem> {
  // A view that nobody uses goes; one that turns nothing is its source.
  // CHECK-NEXT: tt.return %arg1
  %v = ttg.memdesc_index %a[%i] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %t = ttg.memdesc_trans %b {order = array<i32: 0, 1>} : !ttg.memdesc<64x64xf16, #s, #smem> -> !ttg.memdesc<64x64xf16, #s, #smem>
  tt.return %t : !ttg.memdesc<64x64xf16, #s, #smem>
}

// What a partition writes, the whole op writes.
// CHECK-LABEL: @partitions
tt.func @partitions(%a: !ttg.memdesc<64x64xf16, #s, #smem, mutable>) -> (tensor<64x64xf16, #b>, tensor<64x64xf16, #b>) {
  // CHECK: ttg.local_load
  // CHECK: ttg.warp_specialize
  // CHECK: ttg.local_load
  // CHECK: tt.return
  %l0 = ttg.local_load %a : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
  ttg.warp_specialize(%a)
  default {
    ttg.warp_yield
  }
  partition0(%p: !ttg.memdesc<64x64xf16, #s, #smem, mutable>) num_warps(4) {
    %z = arith.constant dense<0.0> : tensor<64x64xf16, #b>
    ttg.local_store %z, %p : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    ttg.warp_return
  } : (!ttg.memdesc<64x64xf16, #s, #smem, mutable>) -> ()
  %l1 = ttg.local_load %a : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
  tt.return %l0, %l1 : tensor<64x64xf16, #b>, tensor<64x64xf16, #b>
}
