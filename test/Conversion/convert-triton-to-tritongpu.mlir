// RUN: tle-opt %s -split-input-file -convert-triton-to-tritongpu='target=cuda:90 num-warps=4' | FileCheck %s

// Values, constants, block arguments: threads spread over the last dimension
// first, then warps. The module says what it is laid out for.
// CHECK: #[[L1:.*]] = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK: module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32}
// CHECK-LABEL: tt.func public @loop
tt.func public @loop(%p: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  // CHECK: arith.constant dense<0.000000e+00> : tensor<256xf32, #[[L1]]>
  %zero = arith.constant dense<0.0> : tensor<256xf32>
  // CHECK: tt.make_range {{.*}} : tensor<256xi32, #[[L1]]>
  %r = tt.make_range {start = 0 : i32, end = 256 : i32} : tensor<256xi32>
  %s = tt.splat %p : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>
  // CHECK: tt.addptr {{.*}} : tensor<256x!tt.ptr<f32>, #[[L1]]>, tensor<256xi32, #[[L1]]>
  %q = tt.addptr %s, %r : tensor<256x!tt.ptr<f32>>, tensor<256xi32>
  // CHECK: scf.for {{.*}} -> (tensor<256xf32, #[[L1]]>)
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<256xf32>) : i32 {
    %v = tt.load %q : tensor<256x!tt.ptr<f32>>
    %a = arith.addf %acc, %v : tensor<256xf32>
    // CHECK: scf.yield %{{.*}} : tensor<256xf32, #[[L1]]>
    scf.yield %a : tensor<256xf32>
  }
  // CHECK-NOT: ttg.convert_layout
  // CHECK: tt.store
  tt.store %q, %sum : tensor<256x!tt.ptr<f32>>
  tt.return
}

// -----

// The new dimension of expand_dims gets one element a thread, its source the
// slice; users see the default layout again.
// CHECK-DAG: #[[SRC:.*]] = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK-DAG: #[[EXP:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [32, 1], warpsPerCTA = [4, 1], order = [0, 1]}>
// CHECK-DAG: #[[COL:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [32, 1], warpsPerCTA = [4, 1], order = [1, 0]}>
// CHECK-DAG: #[[SQ:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [2, 2], order = [1, 0]}>
// CHECK-LABEL: tt.func public @expand
tt.func public @expand(%x: f32, %y: tensor<64x64xf32>) -> tensor<64x64xf32> {
  // CHECK: %[[S:.*]] = tt.splat
  %0 = tt.splat %x : f32 -> tensor<64xf32>
  // CHECK-NEXT: %[[A:.*]] = ttg.convert_layout %[[S]] : tensor<64xf32, #[[SRC]]> -> tensor<64xf32, #ttg.slice<{dim = 1, parent = #[[EXP]]}>>
  // CHECK-NEXT: %[[E:.*]] = tt.expand_dims %[[A]] {axis = 1 : i32} : {{.*}} -> tensor<64x1xf32, #[[EXP]]>
  // CHECK-NEXT: %[[B:.*]] = ttg.convert_layout %[[E]] : tensor<64x1xf32, #[[EXP]]> -> tensor<64x1xf32, #[[COL]]>
  %1 = tt.expand_dims %0 {axis = 1 : i32} : tensor<64xf32> -> tensor<64x1xf32>
  // CHECK-NEXT: %[[W:.*]] = tt.broadcast %[[B]] : tensor<64x1xf32, #[[COL]]> -> tensor<64x64xf32, #[[COL]]>
  // CHECK-NEXT: %[[C:.*]] = ttg.convert_layout %[[W]] : {{.*}} -> tensor<64x64xf32, #[[SQ]]>
  %2 = tt.broadcast %1 : tensor<64x1xf32> -> tensor<64x64xf32>
  // CHECK-NEXT: arith.addf %[[C]], %arg1 : tensor<64x64xf32, #[[SQ]]>
  %3 = arith.addf %2, %y : tensor<64x64xf32>
  tt.return %3 : tensor<64x64xf32>
}

// -----

// Factors become dot operands, the accumulator gets 4x4 tiles.
// CHECK-DAG: #[[DEF:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [2, 2], order = [1, 0]}>
// CHECK-DAG: #[[ACC:.*]] = #ttg.blocked<{sizePerThread = [4, 4], threadsPerWarp = [2, 16], warpsPerCTA = [4, 1], order = [1, 0]}>
// CHECK-LABEL: tt.func public @dot
tt.func public @dot(%a: tensor<64x64xf16>, %b: tensor<64x64xf16>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  // CHECK: %[[A:.*]] = ttg.convert_layout %arg0 : tensor<64x64xf16, #[[DEF]]> -> tensor<64x64xf16, #ttg.dot_op<{opIdx = 0, parent = #[[ACC]]}>>
  // CHECK: %[[B:.*]] = ttg.convert_layout %arg1 : tensor<64x64xf16, #[[DEF]]> -> tensor<64x64xf16, #ttg.dot_op<{opIdx = 1, parent = #[[ACC]]}>>
  // CHECK: %[[C:.*]] = ttg.convert_layout %arg2 : {{.*}} -> tensor<64x64xf32, #[[ACC]]>
  // CHECK: %[[D:.*]] = tt.dot %[[A]], %[[B]], %[[C]], inputPrecision = tf32 {maxNumImpreciseAcc = 3 : i32}
  // CHECK: %[[R:.*]] = ttg.convert_layout %[[D]] : {{.*}} -> tensor<64x64xf32, #[[DEF]]>
  // CHECK: tt.return %[[R]]
  %d = tt.dot %a, %b, %c, inputPrecision = tf32 {maxNumImpreciseAcc = 3 : i32} : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
  tt.return %d : tensor<64x64xf32>
}

// -----

// Reductions, transposes and joins have the layouts that they infer.
// CHECK-DAG: #[[DEF:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>
// CHECK-DAG: #[[T:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [32, 1], warpsPerCTA = [1, 4], order = [0, 1]}>
// CHECK-DAG: #[[J:.*]] = #ttg.blocked<{sizePerThread = [1, 1, 2], threadsPerWarp = [1, 32, 1], warpsPerCTA = [4, 1, 1], order = [2, 1, 0]}>
// CHECK-LABEL: tt.func public @inferred
tt.func public @inferred(%x: tensor<64x32xf32>) {
  // CHECK: "tt.reduce"
  // CHECK: }) : (tensor<64x32xf32, #[[DEF]]>) -> tensor<64xf32, #ttg.slice<{dim = 1, parent = #[[DEF]]}>>
  // CHECK-NEXT: ttg.convert_layout
  %0 = "tt.reduce"(%x) <{axis = 1 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    %z = arith.addf %a, %b : f32
    tt.reduce.return %z : f32
  }) : (tensor<64x32xf32>) -> tensor<64xf32>
  tt.print "" {hex = false, isSigned = array<i32: 0>} : %0 : tensor<64xf32>
  // CHECK: tt.trans {{.*}} -> tensor<32x64xf32, #[[T]]>
  // No conversion for a value that nothing uses.
  // CHECK-NEXT: tt.join {{.*}} -> tensor<64x32x2xf32, #[[J]]>
  %1 = tt.trans %x {order = array<i32: 1, 0>} : tensor<64x32xf32> -> tensor<32x64xf32>
  %2 = tt.join %x, %x : tensor<64x32xf32> -> tensor<64x32x2xf32>
  // CHECK-NEXT: %[[U:.*]] = ttg.convert_layout
  // CHECK-NEXT: %[[V:.*]] = ttg.convert_layout %[[U]] : {{.*}} -> tensor<64x32x2xf32, #[[J]]>
  // CHECK-NEXT: tt.split %[[V]] : tensor<64x32x2xf32, #[[J]]> -> tensor<64x32xf32, #[[DEF]]>
  %3, %4 = tt.split %2 : tensor<64x32x2xf32> -> tensor<64x32xf32>
  tt.return
}

// -----

// A thread holds twice the elements of a concatenation's source.
// CHECK-DAG: #[[CAT:.*]] = #ttg.blocked<{sizePerThread = [2], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK-LABEL: tt.func public @cat
tt.func public @cat(%x: tensor<64xf32>) {
  // CHECK: tt.cat {{.*}} -> tensor<128xf32, #[[CAT]]>
  %0 = tt.cat %x, %x : tensor<64xf32> -> tensor<128xf32>
  tt.return
}

// -----

// Signatures, calls and block pointers too.
// CHECK-DAG: #[[L1:.*]] = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK: tt.func private @callee(tensor<64xf32, #[[L1]]>) -> tensor<64xf32, #[[L1]]>
tt.func private @callee(tensor<64xf32>) -> tensor<64xf32>
// CHECK: tt.func public @caller(%arg0: tensor<64xf32, #[[L1]]>, %arg1: !tt.ptr<tensor<64xf32, #[[L1]]>>)
tt.func public @caller(%x: tensor<64xf32>, %p: !tt.ptr<tensor<64xf32>>) {
  // CHECK: tt.call @callee(%arg0) : (tensor<64xf32, #[[L1]]>) -> tensor<64xf32, #[[L1]]>
  %0 = tt.call @callee(%x) : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK: tt.store %arg1, %{{.*}} : !tt.ptr<tensor<64xf32, #[[L1]]>>
  tt.store %p, %0 : !tt.ptr<tensor<64xf32>>
  tt.return
}

// -----

// Shared memory stands beside tensors: buffers stay as they are, tensors that
// go in and out get layouts.
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#smem = #ttg.shared_memory
// CHECK-DAG: #[[DEF:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [2, 2], order = [1, 0]}>
// CHECK-LABEL: tt.func public @buffers
tt.func public @buffers(%x: tensor<64x64xf16>) -> tensor<64x64xf16> {
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
  // CHECK: ttg.local_store %arg0, %{{.*}} : tensor<64x64xf16, #[[DEF]]> -> !ttg.memdesc
  ttg.local_store %x, %buf : tensor<64x64xf16> -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
  // CHECK: ttg.local_load %{{.*}} -> tensor<64x64xf16, #[[DEF]]>
  %v = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #shared, #smem, mutable> -> tensor<64x64xf16>
  tt.return %v : tensor<64x64xf16>
}

// -----

// A layout that is there stays, and so do its users.
#mine = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK: #[[MINE:.*]] = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK-LABEL: tt.func public @given
tt.func public @given(%x: tensor<64xf32, #mine>) -> tensor<64xf32, #mine> {
  // CHECK: arith.addf %arg0, %arg0 : tensor<64xf32, #[[MINE]]>
  %0 = arith.addf %x, %x : tensor<64xf32, #mine>
  tt.return %0 : tensor<64xf32, #mine>
}

// -----

// Row indices of a gather or scatter: four neighbours in every thread, warps
// apart, though they come from a reduction.
// CHECK-DAG: #[[ROWS:.*]] = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [32, 1], warpsPerCTA = [1, 4], order = [1, 0]}>
// CHECK-LABEL: tt.func public @rows
tt.func public @rows(%d: !tt.tensordesc<tensor<1x64xf16>>, %i: tensor<32x8xi32>, %y: i32) {
  // CHECK: "tt.reduce"
  %x = "tt.reduce"(%i) <{axis = 1 : i32}> ({
  ^bb0(%a: i32, %b: i32):
    %z = arith.maxsi %a, %b : i32
    tt.reduce.return %z : i32
  }) : (tensor<32x8xi32>) -> tensor<32xi32>
  // CHECK: %[[X:.*]] = ttg.convert_layout
  // CHECK-NEXT: %[[R:.*]] = ttg.convert_layout %[[X]] : {{.*}} -> tensor<32xi32, #ttg.slice<{dim = 0, parent = #[[ROWS]]}>>
  // CHECK-NEXT: tt.descriptor_gather %arg0[%[[R]], %arg2]
  %0 = tt.descriptor_gather %d[%x, %y] : (!tt.tensordesc<tensor<1x64xf16>>, tensor<32xi32>, i32) -> tensor<32x64xf16>
  // CHECK-NEXT: %[[S:.*]] = ttg.convert_layout %[[X]]
  // CHECK-NEXT: tt.descriptor_scatter %arg0[%[[S]], %arg2]
  tt.descriptor_scatter %d[%x, %y], %0 : !tt.tensordesc<tensor<1x64xf16>>, tensor<32xi32>, i32, tensor<32x64xf16>
  tt.return
}

// -----

// Functions of other dialects have no tensors and stay as they are.
// CHECK-LABEL: llvm.func @of_the_llvm_dialect(%arg0: i32)
llvm.func @of_the_llvm_dialect(%x: i32) {
  llvm.return
}
