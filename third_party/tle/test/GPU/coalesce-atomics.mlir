// RUN: tle-opt %s -split-input-file -triton-tle-coalesce-atomics | FileCheck %s
// RUN: tle-opt %s -split-input-file -triton-tle-coalesce-atomics -triton-tle-coalesce-atomics | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [2, 16], warpsPerCTA = [4, 1], order = [1, 0]}>
#rows = #ttg.slice<{dim = 1, parent = #blocked}>
#columns = #ttg.slice<{dim = 0, parent = #blocked}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>

// CHECK-DAG: #[[STEP:.*]] = #ttg.linear<{register = {{\[\[}}0, 1], [8, 0], [0, 2], [0, 16], [0, 32]], lane = {{\[\[}}0, 8], [0, 4], [1, 0], [2, 0], [4, 0]], warp = {{\[\[}}16, 0], [32, 0]], block = []}>
// CHECK-DAG: #[[LAST:.*]] = #ttg.linear<{register = {{\[\[}}0, 1], [0, 2], [8, 0], [1, 0], [0, 32]], lane = {{\[\[}}0, 8], [0, 4], [0, 16], [2, 0], [4, 0]], warp = {{\[\[}}16, 0], [32, 0]], block = []}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @rows_of_an_index
  // CHECK-SAME: %[[ACC:[a-z0-9]+]]: tensor<64x64xf32, #mma>
  // CHECK: %[[RANGE:.*]] = tt.make_range {{.*}} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #[[LAST]]}>>
  // CHECK: %[[INDEX:.*]] = tt.load %{{.*}} : tensor<64x!tt.ptr<i32>, #ttg.slice<{dim = 1, parent = #[[LAST]]}>>
  // CHECK-NOT: tt.load
  // CHECK: %[[P:.*]] = tt.addptr {{.*}} : tensor<64x64x!tt.ptr<f32>, #[[LAST]]>
  // CHECK-NEXT: %[[V0:.*]] = ttg.convert_layout %[[ACC]] : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #[[STEP]]>
  // CHECK-NEXT: %[[V1:.*]] = ttg.convert_layout %[[V0]] : tensor<64x64xf32, #[[STEP]]> -> tensor<64x64xf32, #[[LAST]]>
  // CHECK-NEXT: tt.atomic_rmw fadd, relaxed, gpu, %[[P]], %[[V1]] : (tensor<64x64x!tt.ptr<f32>, #[[LAST]]>, tensor<64x64xf32, #[[LAST]]>) -> tensor<64x64xf32, #[[LAST]]>
  // CHECK-NEXT: tt.return
  tt.func public @rows_of_an_index(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %idx: !tt.ptr<i32>) {
    %stride = arith.constant dense<576> : tensor<64x1xi32, #blocked>
    %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #rows>
    %i0 = tt.splat %idx : !tt.ptr<i32> -> tensor<64x!tt.ptr<i32>, #rows>
    %i1 = tt.addptr %i0, %r : tensor<64x!tt.ptr<i32>, #rows>, tensor<64xi32, #rows>
    %i2 = tt.load %i1 : tensor<64x!tt.ptr<i32>, #rows>
    %i3 = tt.expand_dims %i2 {axis = 1 : i32} : tensor<64xi32, #rows> -> tensor<64x1xi32, #blocked>
    %i4 = arith.muli %i3, %stride : tensor<64x1xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>, #blocked>
    %p1 = tt.addptr %p0, %i4 : tensor<64x1x!tt.ptr<f32>, #blocked>, tensor<64x1xi32, #blocked>
    %p2 = tt.broadcast %p1 : tensor<64x1x!tt.ptr<f32>, #blocked> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p3 = tt.addptr %p2, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p3, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }

  // A mask of rows, two pieces of columns, in a loop that carries the indices
  // of the next rows: these are converted, once for both pieces.
  // CHECK-LABEL: @masked_pieces_in_loop
  // CHECK: scf.for {{.*}} iter_args(%[[CARRIED:[a-z0-9]+]] =
  // CHECK-NEXT: ttg.convert_layout %[[CARRIED]] : tensor<64xi32, #ttg.slice<{dim = 1, parent = #blocked}>> -> tensor<64xi32, #ttg.slice<{dim = 1, parent = #[[LAST]]}>>
  // CHECK-NOT: ttg.convert_layout %[[CARRIED]]
  // CHECK: arith.cmpi sge, {{.*}} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #[[LAST]]}>>
  // CHECK-NOT: arith.cmpi
  // CHECK: %[[M:.*]] = tt.broadcast {{.*}} -> tensor<64x64xi1, #[[LAST]]>
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, %{{.*}}, %{{.*}}, %[[M]] : {{.*}} tensor<64x64xi1, #[[LAST]]>
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, %{{.*}}, %{{.*}}, %[[M]] : {{.*}} tensor<64x64xi1, #[[LAST]]>
  // CHECK: scf.yield %{{.*}} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #blocked}>>
  tt.func public @masked_pieces_in_loop(%acc: tensor<64x64xf32, #mma>, %acc1: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %idx: !tt.ptr<i32>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %zero = arith.constant dense<0> : tensor<64xi32, #rows>
    %stride = arith.constant dense<576> : tensor<64x1xi32, #blocked>
    %next = arith.constant dense<64> : tensor<64x64xi32, #blocked>
    %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #rows>
    %i0 = tt.splat %idx : !tt.ptr<i32> -> tensor<64x!tt.ptr<i32>, #rows>
    %i1 = tt.addptr %i0, %r : tensor<64x!tt.ptr<i32>, #rows>, tensor<64xi32, #rows>
    %first = tt.load %i1 : tensor<64x!tt.ptr<i32>, #rows>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>, #blocked>
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %last = scf.for %j = %c0 to %n step %one iter_args(%i2 = %first) -> (tensor<64xi32, #rows>) : i32 {
      %m0 = arith.cmpi sge, %i2, %zero : tensor<64xi32, #rows>
      %m1 = tt.expand_dims %m0 {axis = 1 : i32} : tensor<64xi1, #rows> -> tensor<64x1xi1, #blocked>
      %m2 = tt.broadcast %m1 : tensor<64x1xi1, #blocked> -> tensor<64x64xi1, #blocked>
      %i3 = tt.expand_dims %i2 {axis = 1 : i32} : tensor<64xi32, #rows> -> tensor<64x1xi32, #blocked>
      %i4 = arith.muli %i3, %stride : tensor<64x1xi32, #blocked>
      %p1 = tt.addptr %p0, %i4 : tensor<64x1x!tt.ptr<f32>, #blocked>, tensor<64x1xi32, #blocked>
      %p2 = tt.broadcast %p1 : tensor<64x1x!tt.ptr<f32>, #blocked> -> tensor<64x64x!tt.ptr<f32>, #blocked>
      %p3 = tt.addptr %p2, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
      %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
      %o = tt.atomic_rmw fadd, relaxed, gpu, %p3, %v, %m2 : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>, tensor<64x64xi1, #blocked>) -> tensor<64x64xf32, #blocked>
      %p4 = tt.addptr %p3, %next : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
      %w = ttg.convert_layout %acc1 : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
      %o1 = tt.atomic_rmw fadd, relaxed, gpu, %p4, %w, %m2 : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>, tensor<64x64xi1, #blocked>) -> tensor<64x64xf32, #blocked>
      %more = tt.load %i1 : tensor<64x!tt.ptr<i32>, #rows>
      scf.yield %more : tensor<64xi32, #rows>
    }
    tt.return
  }

  // Arithmetic behind the conversion follows; that before it stays.
  // CHECK-LABEL: @scaled
  // CHECK: %[[S:.*]] = arith.mulf %{{.*}}, %{{.*}} : tensor<64x64xf32, #mma>
  // CHECK: ttg.convert_layout %[[S]] : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #[[STEP]]>
  // CHECK: %[[N:.*]] = arith.negf %{{.*}} : tensor<64x64xf32, #[[LAST]]>
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, %{{.*}}, %[[N]]
  tt.func public @scaled(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %stride = arith.constant dense<576> : tensor<64x1xi32, #blocked>
    %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #rows>
    %i3 = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32, #rows> -> tensor<64x1xi32, #blocked>
    %i4 = arith.muli %i3, %stride : tensor<64x1xi32, #blocked>
    %i5 = tt.broadcast %i4 : tensor<64x1xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %off = arith.addi %i5, %c2 : tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %off : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %s = arith.mulf %acc, %acc : tensor<64x64xf32, #mma>
    %v = ttg.convert_layout %s : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    %w = arith.negf %v : tensor<64x64xf32, #blocked>
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %w : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }
}

// -----

// Eight bf16 are one vector: two steps make it, a third makes 128 bytes.
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#columns = #ttg.slice<{dim = 0, parent = #blocked}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>

// CHECK-DAG: #[[LAST:.*]] = #ttg.linear<{register = {{\[\[}}0, 1], [0, 2], [0, 4], [8, 0], [1, 0]], lane = {{\[\[}}0, 8], [0, 16], [0, 32], [2, 0], [4, 0]], warp

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @bf16
  // CHECK-COUNT-3: ttg.convert_layout
  // CHECK-NOT: ttg.convert_layout
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xbf16, #[[LAST]]>
  tt.func public @bf16(%acc: tensor<64x64xbf16, #mma>, %out: !tt.ptr<bf16> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<bf16> -> tensor<64x64x!tt.ptr<bf16>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<bf16>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xbf16, #mma> -> tensor<64x64xbf16, #blocked>
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<bf16>, #blocked>, tensor<64x64xbf16, #blocked>) -> tensor<64x64xbf16, #blocked>
    tt.return
  }
}

// -----

// Without vectors, one element a lane: 32 lanes are 128 bytes.
#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [2, 16], warpsPerCTA = [4, 1], order = [1, 0]}>
#columns = #ttg.slice<{dim = 0, parent = #blocked}>
#mma = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>

// CHECK-DAG: #[[LAST:.*]] = #ttg.linear<{register = {{\[\[}}1, 0], [8, 0], [2, 0], [4, 0], [0, 32]], lane = {{\[\[}}0, 2], [0, 4], [0, 1], [0, 8], [0, 16]], warp

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:80", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @scalar
  // CHECK-COUNT-3: ttg.convert_layout
  // CHECK-NOT: ttg.convert_layout
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #[[LAST]]>
  tt.func public @scalar(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }
}

// -----

// The layout of the reduction is the accumulator's: no conversion to replace,
// but rows are touched in 32 bytes.
#mma = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>
#columns = #ttg.slice<{dim = 0, parent = #mma}>

// CHECK-DAG: #[[LAST:.*]] = #ttg.linear<{register = {{\[\[}}0, 1], [0, 2], [8, 0], [1, 0], [0, 32]], lane = {{\[\[}}0, 8], [0, 4], [0, 16], [2, 0], [4, 0]], warp

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @as_it_lies
  // CHECK-COUNT-2: ttg.convert_layout
  // CHECK-NOT: ttg.convert_layout
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #[[LAST]]>
  tt.func public @as_it_lies(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #mma>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #mma> -> tensor<64x64xi32, #mma>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #mma>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #mma>, tensor<64x64xi32, #mma>
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %acc : (tensor<64x64x!tt.ptr<f32>, #mma>, tensor<64x64xf32, #mma>) -> tensor<64x64xf32, #mma>
    tt.return
  }
}

// -----

// 16 columns are 64 bytes: one exchange, and a row at a time.
#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [8, 4], warpsPerCTA = [4, 1], order = [1, 0]}>
#columns = #ttg.slice<{dim = 0, parent = #blocked}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 16, 16]}>

// CHECK-DAG: #[[LAST:.*]] = #ttg.linear<{register = {{\[\[}}0, 1], [0, 2], [8, 0]], lane = {{\[\[}}0, 8], [0, 4], [1, 0], [2, 0], [4, 0]], warp

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @narrow
  // CHECK-COUNT-1: ttg.convert_layout
  // CHECK-NOT: ttg.convert_layout
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x16xf32, #[[LAST]]>
  tt.func public @narrow(%acc: tensor<64x16xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 16 : i32} : tensor<16xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<16xi32, #columns> -> tensor<1x16xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x16xi32, #blocked> -> tensor<64x16xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x16x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x16x!tt.ptr<f32>, #blocked>, tensor<64x16xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x16xf32, #mma> -> tensor<64x16xf32, #blocked>
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x16x!tt.ptr<f32>, #blocked>, tensor<64x16xf32, #blocked>) -> tensor<64x16xf32, #blocked>
    tt.return
  }
}

// -----

// Pointers aligned to 8 bytes: pairs, so 16 lanes are 128 bytes.
#blocked = #ttg.blocked<{sizePerThread = [1, 2], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>
#columns = #ttg.slice<{dim = 0, parent = #blocked}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>

// CHECK-DAG: #[[LAST:.*]] = #ttg.linear<{register = {{\[\[}}0, 1], [8, 0], [1, 0], [2, 0], [0, 32]], lane = {{\[\[}}0, 2], [0, 4], [0, 8], [0, 16], [4, 0]], warp

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @pairs
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #[[LAST]]>
  tt.func public @pairs(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 8 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }
}

// -----

// Two warps take turns at 8 columns of a row, which only shared memory can mend.
// Where a thread adds one element at a time, lanes come to lie side by side.
#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [2, 16], warpsPerCTA = [4, 1], order = [1, 0]}>
#columns = #ttg.slice<{dim = 0, parent = #blocked}>
#mma = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>

// CHECK-DAG: #[[LAST:.*]] = #ttg.linear<{register = {{\[\[}}0, 32], [4, 0], [8, 0], [16, 0], [32, 0]], lane = {{\[\[}}0, 1], [0, 2], [0, 4], [0, 8], [0, 16]], warp = {{\[\[}}1, 0], [2, 0]], block = []}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:80", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @warps_in_turns
  // CHECK-COUNT-1: ttg.convert_layout {{.*}} #mma> -> tensor<64x64xf32, #[[LAST]]>
  // CHECK-NOT: ttg.convert_layout
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #[[LAST]]>
  tt.func public @warps_in_turns(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }
}
