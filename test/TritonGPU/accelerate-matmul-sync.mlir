// RUN: tle-opt %s -split-input-file -tritongpu-accelerate-matmul=tle=true | FileCheck %s
// RUN: tle-opt %s -split-input-file -tritongpu-accelerate-matmul=tle=false | FileCheck %s
// RUN: tle-opt %s -split-input-file -tritongpu-accelerate-matmul=tle=true -tritongpu-accelerate-matmul=tle=true | FileCheck %s
// RUN: tle-opt %s -split-input-file -tritongpu-accelerate-matmul -remarks-filter=.*accelerate.* -o /dev/null 2>&1 | FileCheck %s --check-prefix=SAYS

// Types of mma.sync, with one dot in each function: both rules agree.

// SAYS-DAG: [Missed]{{.*}}Function=f64_where_there_is_none | Remark="element types or precision that mma.sync of this target does not have"
// SAYS-DAG: [Missed]{{.*}}Function=other_target | Remark="element types or precision that mma.sync of this target does not have"
// SAYS-DAG: [Passed]{{.*}}Function=f16 | Remark="2 x 2 warps, no chain of products"
// SAYS-DAG: [Passed]{{.*}}Function=batches | Remark="4 x 1 x 1 warps, no chain of products"

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#blocked3 = #ttg.blocked<{sizePerThread = [1, 1, 8], threadsPerWarp = [1, 4, 8], warpsPerCTA = [4, 1, 1], order = [2, 1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
#a3 = #ttg.dot_op<{opIdx = 0, parent = #blocked3}>
#b3 = #ttg.dot_op<{opIdx = 1, parent = #blocked3}>
// CHECK-DAG: #[[SQUARE:.*]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>
// CHECK-DAG: #[[ROWS:.*]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>
// CHECK-DAG: #[[COLUMNS:.*]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [1, 4], instrShape = [16, 8]}>
// CHECK-DAG: #[[BATCH:.*]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1, 1], instrShape = [1, 16, 8]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:80", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @f16
  // CHECK-NEXT: %[[C:.*]] = ttg.convert_layout %{{.*}} -> tensor<64x64xf32, #[[SQUARE]]>
  // CHECK-NEXT: %[[A:.*]] = ttg.convert_layout %{{.*}} -> tensor<64x32xf16, #ttg.dot_op<{opIdx = 0, parent = #[[SQUARE]], kWidth = 2}>>
  // CHECK-NEXT: %[[B:.*]] = ttg.convert_layout %{{.*}} -> tensor<32x64xf16, #ttg.dot_op<{opIdx = 1, parent = #[[SQUARE]], kWidth = 2}>>
  // CHECK-NEXT: %[[D:.*]] = tt.dot %[[A]], %[[B]], %[[C]]
  // CHECK-NEXT: %[[R:.*]] = ttg.convert_layout %[[D]] : tensor<64x64xf32, #[[SQUARE]]> -> tensor<64x64xf32, #blocked>
  // CHECK-NEXT: tt.return %[[R]]
  tt.func @f16(%a: tensor<64x32xf16, #a>, %b: tensor<32x64xf16, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x32xf16, #a> * tensor<32x64xf16, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }

  // More rows than columns for each warp, then the other way round.
  // CHECK-LABEL: @tall_bf16
  // CHECK: tt.dot {{.*}} -> tensor<128x16xf32, #[[ROWS]]>
  tt.func @tall_bf16(%a: tensor<128x32xbf16, #a>, %b: tensor<32x16xbf16, #b>, %c: tensor<128x16xf32, #blocked>) -> tensor<128x16xf32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<128x32xbf16, #a> * tensor<32x16xbf16, #b> -> tensor<128x16xf32, #blocked>
    tt.return %d : tensor<128x16xf32, #blocked>
  }

  // CHECK-LABEL: @wide_i8
  // CHECK: tt.dot {{.*}} : tensor<16x64xi8, #ttg.dot_op<{opIdx = 0, parent = #[[COLUMNS]], kWidth = 4}>> * {{.*}} -> tensor<16x256xi32, #[[COLUMNS]]>
  tt.func @wide_i8(%a: tensor<16x64xi8, #a>, %b: tensor<64x256xi8, #b>, %c: tensor<16x256xi32, #blocked>) -> tensor<16x256xi32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<16x64xi8, #a> * tensor<64x256xi8, #b> -> tensor<16x256xi32, #blocked>
    tt.return %d : tensor<16x256xi32, #blocked>
  }

  // One instruction for four warps: the idle ones lie along M.
  // CHECK-LABEL: @one_instruction
  // CHECK: tt.dot {{.*}} -> tensor<16x8xf32, #[[ROWS]]>
  tt.func @one_instruction(%a: tensor<16x16xf16, #a>, %b: tensor<16x8xf16, #b>, %c: tensor<16x8xf32, #blocked>) -> tensor<16x8xf32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<16x16xf16, #a> * tensor<16x8xf16, #b> -> tensor<16x8xf32, #blocked>
    tt.return %d : tensor<16x8xf32, #blocked>
  }

  // CHECK-LABEL: @tf32
  // CHECK: tt.dot {{.*}}inputPrecision = tf32 : {{.*}}kWidth = 1}>> * {{.*}}kWidth = 1}>> -> tensor<64x64xf32, #[[SQUARE]]>
  tt.func @tf32(%a: tensor<64x32xf32, #a>, %b: tensor<32x64xf32, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %d = tt.dot %a, %b, %c, inputPrecision = tf32 : tensor<64x32xf32, #a> * tensor<32x64xf32, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }

  // CHECK-LABEL: @ieee
  // CHECK-NEXT: tt.dot {{.*}} -> tensor<64x64xf32, #blocked>
  tt.func @ieee(%a: tensor<64x32xf32, #a>, %b: tensor<32x64xf32, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x32xf32, #a> * tensor<32x64xf32, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }

  // CHECK-LABEL: @f64
  // CHECK: tt.dot {{.*}}kWidth = 1}>> -> tensor<64x64xf64, #[[SQUARE]]>
  tt.func @f64(%a: tensor<64x32xf64, #a>, %b: tensor<32x64xf64, #b>, %c: tensor<64x64xf64, #blocked>) -> tensor<64x64xf64, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x32xf64, #a> * tensor<32x64xf64, #b> -> tensor<64x64xf64, #blocked>
    tt.return %d : tensor<64x64xf64, #blocked>
  }

  // No fp8 on Ampere: operands are converted in the layout of fp8.
  // CHECK-LABEL: @fp8
  // CHECK: %[[A:.*]] = tt.fp_to_fp %{{.*}} -> tensor<64x32xf16, #ttg.dot_op<{opIdx = 0, parent = #[[SQUARE]], kWidth = 4}>>
  // CHECK: %[[B:.*]] = tt.fp_to_fp %{{.*}} -> tensor<32x64xf16, #ttg.dot_op<{opIdx = 1, parent = #[[SQUARE]], kWidth = 4}>>
  // CHECK: tt.dot %[[A]], %[[B]], {{.*}} -> tensor<64x64xf32, #[[SQUARE]]>
  tt.func @fp8(%a: tensor<64x32xf8E4M3FN, #a>, %b: tensor<32x64xf8E5M2, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x32xf8E4M3FN, #a> * tensor<32x64xf8E5M2, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }

  // CHECK-LABEL: @batches
  // CHECK: tt.dot {{.*}}kWidth = 2}>> -> tensor<4x64x32xf32, #[[BATCH]]>
  tt.func @batches(%a: tensor<4x64x32xf16, #a3>, %b: tensor<4x32x32xf16, #b3>, %c: tensor<4x64x32xf32, #blocked3>) -> tensor<4x64x32xf32, #blocked3> {
    %d = tt.dot %a, %b, %c : tensor<4x64x32xf16, #a3> * tensor<4x32x32xf16, #b3> -> tensor<4x64x32xf32, #blocked3>
    tt.return %d : tensor<4x64x32xf32, #blocked3>
  }

  // Loaded as i8: four elements along K come from one register, for both operands.
  // CHECK-LABEL: @converted_weights
  // CHECK: tt.dot {{.*}}opIdx = 0, {{.*}}kWidth = 4}>> * {{.*}}kWidth = 4}>>
  tt.func @converted_weights(%p: tensor<64x32x!tt.ptr<i8>, #blocked>, %b: tensor<32x64xf16, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %l = tt.load %p : tensor<64x32x!tt.ptr<i8>, #blocked>
    %f = arith.sitofp %l : tensor<64x32xi8, #blocked> to tensor<64x32xf16, #blocked>
    %a = ttg.convert_layout %f : tensor<64x32xf16, #blocked> -> tensor<64x32xf16, #a>
    %d = tt.dot %a, %b, %c : tensor<64x32xf16, #a> * tensor<32x64xf16, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }
}

// -----

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:89", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @fp8_on_ada
  // CHECK-NOT: tt.fp_to_fp
  // CHECK: tt.dot {{.*}} : tensor<64x32xf8E4M3FN, {{.*}}kWidth = 4}>> * tensor<32x64xf8E5M2, {{.*}}kWidth = 4}>>
  tt.func @fp8_on_ada(%a: tensor<64x32xf8E4M3FN, #a>, %b: tensor<32x64xf8E5M2, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x32xf8E4M3FN, #a> * tensor<32x64xf8E5M2, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }

  // CHECK-LABEL: @f64_where_there_is_none
  // CHECK-NEXT: tt.dot {{.*}} -> tensor<64x64xf64, #blocked>
  tt.func @f64_where_there_is_none(%a: tensor<64x32xf64, #a>, %b: tensor<32x64xf64, #b>, %c: tensor<64x64xf64, #blocked>) -> tensor<64x64xf64, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x32xf64, #a> * tensor<32x64xf64, #b> -> tensor<64x64xf64, #blocked>
    tt.return %d : tensor<64x64xf64, #blocked>
  }
}

// -----

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:100", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @other_target
  // CHECK-NEXT: tt.dot {{.*}} -> tensor<64x64xf32, #blocked>
  tt.func @other_target(%a: tensor<64x32xf16, #a>, %b: tensor<32x64xf16, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x32xf16, #a> * tensor<32x64xf16, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }
}

// -----

// The small Blackwell has Ada's instructions, and no warp groups.
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:120", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @f16_on_sm120
  // CHECK-NOT: warp_group
  // CHECK: tt.dot {{.*}} : tensor<64x32xf16, #ttg.dot_op<{opIdx = 0, parent = #[[MMA:.+]], kWidth = 2}>> * tensor<32x64xf16, {{.*}}kWidth = 2}>> -> tensor<64x64xf32, #[[MMA]]>
  tt.func @f16_on_sm120(%a: tensor<64x32xf16, #a>, %b: tensor<32x64xf16, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x32xf16, #a> * tensor<32x64xf16, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }

  // CHECK-LABEL: @fp8_on_sm120
  // CHECK-NOT: tt.fp_to_fp
  // CHECK: tt.dot {{.*}} : tensor<64x32xf8E4M3FN, {{.*}}kWidth = 4}>> * tensor<32x64xf8E5M2, {{.*}}kWidth = 4}>>
  tt.func @fp8_on_sm120(%a: tensor<64x32xf8E4M3FN, #a>, %b: tensor<32x64xf8E5M2, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x32xf8E4M3FN, #a> * tensor<32x64xf8E5M2, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }
}
