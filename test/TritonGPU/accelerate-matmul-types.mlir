// RUN: tle-opt %s -tritongpu-accelerate-matmul=tle=true | FileCheck %s
// RUN: tle-opt %s -tritongpu-accelerate-matmul=tle=false | FileCheck %s
// RUN: tle-opt %s -tritongpu-accelerate-matmul=tle=true -tritongpu-accelerate-matmul=tle=true | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
// Operands of other than 16 bits are contiguous along K: A in rows, B in columns.
// CHECK-DAG: #[[ROWS8:.*]] = #ttg.nvmma_shared<{swizzlingByteWidth = 64, transposed = false, elementBitWidth = 8}>
// CHECK-DAG: #[[COLUMNS8:.*]] = #ttg.nvmma_shared<{swizzlingByteWidth = 64, transposed = true, elementBitWidth = 8}>
// CHECK-DAG: #[[COLUMNS32:.*]] = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 32}>
// CHECK-DAG: #[[FP8:.*]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 32]}>
// CHECK-DAG: #[[TF32:.*]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 8]}>
// Integers have no instruction of 256 columns.
// CHECK-DAG: #[[I8:.*]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 128, 32]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @fp8
  // CHECK-DAG: ttg.local_alloc {{.*}} -> !ttg.memdesc<64x64xf8E4M3FN, #[[ROWS8]], #smem>
  // CHECK-DAG: ttg.local_alloc {{.*}} -> !ttg.memdesc<64x64xf8E5M2, #[[COLUMNS8]], #smem>
  // CHECK: ttng.warp_group_dot {{.*}}maxNumImpreciseAcc = 64 : i32{{.*}} -> tensor<64x64xf32, #[[FP8]]>
  tt.func @fp8(%p: tensor<64x64x!tt.ptr<f8E4M3FN>, #blocked>, %b: tensor<64x64xf8E5M2, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %x = tt.load %p : tensor<64x64x!tt.ptr<f8E4M3FN>, #blocked>
    %a = ttg.convert_layout %x : tensor<64x64xf8E4M3FN, #blocked> -> tensor<64x64xf8E4M3FN, #a>
    %d = tt.dot %a, %b, %c, inputPrecision = tf32 {maxNumImpreciseAcc = 64 : i32} : tensor<64x64xf8E4M3FN, #a> * tensor<64x64xf8E5M2, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }

  // A sum that is to be exact after every product is none of the tensor cores.
  // CHECK-LABEL: @exact_fp8
  // CHECK-NOT: ttng.warp_group_dot
  // CHECK: tt.dot
  tt.func @exact_fp8(%a: tensor<64x64xf8E4M3FN, #a>, %b: tensor<64x64xf8E4M3FN, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %d = tt.dot %a, %b, %c {maxNumImpreciseAcc = 31 : i32} : tensor<64x64xf8E4M3FN, #a> * tensor<64x64xf8E4M3FN, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }

  // An operand A that was computed stays in registers.
  // CHECK-LABEL: @tf32
  // CHECK-DAG: ttg.local_alloc {{.*}} -> !ttg.memdesc<64x64xf32, #[[COLUMNS32]], #smem>
  // CHECK: ttng.warp_group_dot {{.*}}inputPrecision = 0 : i32{{.*}} : tensor<64x64xf32, #ttg.dot_op<{opIdx = 0, parent = #[[TF32]], kWidth = 1}>>
  tt.func @tf32(%x: tensor<64x64xf32, #blocked>, %b: tensor<64x64xf32, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %e = math.exp2 %x : tensor<64x64xf32, #blocked>
    %a = ttg.convert_layout %e : tensor<64x64xf32, #blocked> -> tensor<64x64xf32, #a>
    %d = tt.dot %a, %b, %c, inputPrecision = tf32 : tensor<64x64xf32, #a> * tensor<64x64xf32, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }

  // CHECK-LABEL: @ieee
  // CHECK-NOT: ttng.warp_group_dot
  // CHECK: tt.dot
  tt.func @ieee(%a: tensor<64x64xf32, #a>, %b: tensor<64x64xf32, #b>, %c: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x64xf32, #a> * tensor<64x64xf32, #b> -> tensor<64x64xf32, #blocked>
    tt.return %d : tensor<64x64xf32, #blocked>
  }

  // CHECK-LABEL: @i8
  // CHECK: ttng.warp_group_dot {{.*}} -> tensor<64x256xi32, #[[I8]]>
  tt.func @i8(%a: tensor<64x64xi8, #a>, %b: tensor<64x256xi8, #b>, %c: tensor<64x256xi32, #blocked>) -> tensor<64x256xi32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x64xi8, #a> * tensor<64x256xi8, #b> -> tensor<64x256xi32, #blocked>
    tt.return %d : tensor<64x256xi32, #blocked>
  }

  // K fills no instruction.
  // CHECK-LABEL: @short_k
  // CHECK-NOT: ttng.warp_group_dot
  // CHECK: tt.dot
  tt.func @short_k(%a: tensor<64x16xi8, #a>, %b: tensor<16x64xi8, #b>, %c: tensor<64x64xi32, #blocked>) -> tensor<64x64xi32, #blocked> {
    %d = tt.dot %a, %b, %c : tensor<64x16xi8, #a> * tensor<16x64xi8, #b> -> tensor<64x64xi32, #blocked>
    tt.return %d : tensor<64x64xi32, #blocked>
  }
}
