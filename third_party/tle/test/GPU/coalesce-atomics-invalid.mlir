// RUN: tle-opt %s -triton-tle-coalesce-atomics=remarks=true -split-input-file -verify-diagnostics | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [2, 16], warpsPerCTA = [4, 1], order = [1, 0]}>
#columns = #ttg.slice<{dim = 0, parent = #blocked}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @result_is_used
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #blocked>
  tt.func public @result_is_used(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) -> tensor<64x64xf32, #blocked> {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    // expected-remark @+1 {{the reduction stays as it is: its result is used}}
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return %o : tensor<64x64xf32, #blocked>
  }

  // CHECK-LABEL: @maximum
  // CHECK: tt.atomic_rmw max, relaxed, gpu, {{.*}} -> tensor<64x64xi32, #blocked>
  tt.func public @maximum(%acc: tensor<64x64xi32, #mma>, %out: !tt.ptr<i32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<i32> -> tensor<64x64x!tt.ptr<i32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<i32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xi32, #mma> -> tensor<64x64xi32, #blocked>
    // expected-remark @+1 {{the reduction stays as it is: its operand comes from no tensor core}}
    %o = tt.atomic_rmw max, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<i32>, #blocked>, tensor<64x64xi32, #blocked>) -> tensor<64x64xi32, #blocked>
    tt.return
  }

  // CHECK-LABEL: @exchange
  // CHECK: tt.atomic_rmw exch, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #blocked>
  tt.func public @exchange(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    // expected-remark @+1 {{the reduction stays as it is: it adds no floating-point numbers}}
    %o = tt.atomic_rmw exch, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }

  // CHECK-LABEL: @acquires
  // CHECK: tt.atomic_rmw fadd, acq_rel, gpu, {{.*}} -> tensor<64x64xf32, #blocked>
  tt.func public @acquires(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    // expected-remark @+1 {{the reduction stays as it is: it is not relaxed and of gpu scope}}
    %o = tt.atomic_rmw fadd, acq_rel, gpu, %p, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }

  // CHECK-LABEL: @whole_system
  // CHECK: tt.atomic_rmw fadd, relaxed, sys, {{.*}} -> tensor<64x64xf32, #blocked>
  tt.func public @whole_system(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    // expected-remark @+1 {{the reduction stays as it is: it is not relaxed and of gpu scope}}
    %o = tt.atomic_rmw fadd, relaxed, sys, %p, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }

  // CHECK-LABEL: @no_accumulator
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #blocked>
  tt.func public @no_accumulator(%acc: tensor<64x64xf32, #blocked>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = arith.negf %acc : tensor<64x64xf32, #blocked>
    // expected-remark @+1 {{the reduction stays as it is: its operand comes from no tensor core}}
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }

  // CHECK-LABEL: @every_second_column
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #blocked>
  tt.func public @every_second_column(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %two = arith.constant dense<2> : tensor<64x64xi32, #blocked>
    %c3 = arith.muli %c2, %two : tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c3 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    // expected-remark @+1 {{the reduction stays as it is: its pointers are not contiguous along a row}}
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }

  // A load of a matrix is not worth repeating, nor is its result worth moving.
  // CHECK-LABEL: @matrix_of_offsets
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #blocked>
  tt.func public @matrix_of_offsets(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %off: tensor<64x64x!tt.ptr<i1>, #blocked>) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    // expected-remark @+1 {{this value is in the way}}
    %m = tt.load %off : tensor<64x64x!tt.ptr<i1>, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    // expected-remark @+1 {{the reduction stays as it is: an operand cannot be computed again in another layout}}
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v, %m : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>, tensor<64x64xi1, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }
}

// -----

// Two warps share 64 columns in turns of 8: a warp has 32 bytes of a row at a
// time, and only shared memory brings it more.
#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [2, 16], warpsPerCTA = [4, 1], order = [1, 0]}>
#columns = #ttg.slice<{dim = 0, parent = #blocked}>
#mma = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>
#mma_columns = #ttg.slice<{dim = 0, parent = #mma}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @warps_in_turns
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #blocked>
  tt.func public @warps_in_turns(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #columns> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xi32, #blocked>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    // expected-remark @+1 {{the reduction stays as it is: no layout touches longer parts of a row}}
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<f32>, #blocked>, tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked>
    tt.return
  }

  // CHECK-LABEL: @as_it_lies
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf32, #mma>
  tt.func public @as_it_lies(%acc: tensor<64x64xf32, #mma>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #mma_columns>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #mma_columns> -> tensor<1x64xi32, #mma>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #mma> -> tensor<64x64xi32, #mma>
    %p0 = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #mma>
    %p = tt.addptr %p0, %c2 : tensor<64x64x!tt.ptr<f32>, #mma>, tensor<64x64xi32, #mma>
    // expected-remark @+1 {{the reduction stays as it is: no layout touches longer parts of a row}}
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %acc : (tensor<64x64x!tt.ptr<f32>, #mma>, tensor<64x64xf32, #mma>) -> tensor<64x64xf32, #mma>
    tt.return
  }

  // CHECK-LABEL: @no_instruction
  // CHECK: tt.atomic_rmw fadd, relaxed, gpu, {{.*}} -> tensor<64x64xf64, #blocked>
  tt.func public @no_instruction(%acc: tensor<64x64xf64, #mma>, %p: tensor<64x64x!tt.ptr<f64>, #blocked>) {
    %v = ttg.convert_layout %acc : tensor<64x64xf64, #mma> -> tensor<64x64xf64, #blocked>
    // expected-remark @+1 {{the reduction stays as it is: the target has no instruction for its elements}}
    %o = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<f64>, #blocked>, tensor<64x64xf64, #blocked>) -> tensor<64x64xf64, #blocked>
    tt.return
  }
}
