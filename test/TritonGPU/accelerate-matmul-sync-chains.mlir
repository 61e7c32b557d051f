// RUN: tle-opt %s -tritongpu-accelerate-matmul=tle=true | FileCheck %s --check-prefixes=CHECK,TLE
// RUN: tle-opt %s -tritongpu-accelerate-matmul=tle=false | FileCheck %s --check-prefixes=CHECK,STOCK

// How warps share products of mma.sync that depend on each other: TLE's rule and stock's.

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
// CHECK-DAG: #[[SQUARE:.*]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>
// CHECK-DAG: #[[ROWS:.*]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>
// CHECK-DAG: #[[COLUMNS:.*]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [1, 4], instrShape = [16, 8]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:80", "ttg.threads-per-warp" = 32 : i32} {
  // The result becomes operand A: warps along M with TLE; stock's last dot is wider than tall.
  // CHECK-LABEL: @attention
  // TLE: tt.dot {{.*}} -> tensor<64x64xf32, #[[ROWS]]>
  // TLE: tt.dot {{.*}} -> tensor<64x128xf32, #[[ROWS]]>
  // STOCK: tt.dot {{.*}} -> tensor<64x64xf32, #[[COLUMNS]]>
  // STOCK: tt.dot {{.*}} -> tensor<64x128xf32, #[[COLUMNS]]>
  tt.func @attention(%q: tensor<64x128xf16, #a>, %k: tensor<128x64xf16, #b>, %v: tensor<64x128xf16, #b>, %zs: tensor<64x64xf32, #blocked>, %zo: tensor<64x128xf32, #blocked>) -> tensor<64x128xf32, #blocked> {
    %s = tt.dot %q, %k, %zs : tensor<64x128xf16, #a> * tensor<128x64xf16, #b> -> tensor<64x64xf32, #blocked>
    %e = math.exp2 %s : tensor<64x64xf32, #blocked>
    %h = arith.truncf %e : tensor<64x64xf32, #blocked> to tensor<64x64xf16, #blocked>
    %p = ttg.convert_layout %h : tensor<64x64xf16, #blocked> -> tensor<64x64xf16, #a>
    %o = tt.dot %p, %v, %zo : tensor<64x64xf16, #a> * tensor<64x128xf16, #b> -> tensor<64x128xf32, #blocked>
    tt.return %o : tensor<64x128xf32, #blocked>
  }

  // 16 rows feed one warp: the others go along N.
  // CHECK-LABEL: @few_rows
  // CHECK: tt.dot {{.*}} -> tensor<16x64xf32, #[[COLUMNS]]>
  // CHECK: tt.dot {{.*}} -> tensor<16x64xf32, #[[COLUMNS]]>
  tt.func @few_rows(%q: tensor<16x64xf16, #a>, %k: tensor<64x64xf16, #b>, %z: tensor<16x64xf32, #blocked>) -> tensor<16x64xf32, #blocked> {
    %s = tt.dot %q, %k, %z : tensor<16x64xf16, #a> * tensor<64x64xf16, #b> -> tensor<16x64xf32, #blocked>
    %h = arith.truncf %s : tensor<16x64xf32, #blocked> to tensor<16x64xf16, #blocked>
    %p = ttg.convert_layout %h : tensor<16x64xf16, #blocked> -> tensor<16x64xf16, #a>
    %o = tt.dot %p, %k, %z : tensor<16x64xf16, #a> * tensor<64x64xf16, #b> -> tensor<16x64xf32, #blocked>
    tt.return %o : tensor<16x64xf32, #blocked>
  }

  // Accumulation is no chain to TLE.
  // CHECK-LABEL: @accumulation
  // TLE-COUNT-2: tt.dot {{.*}} -> tensor<64x64xf32, #[[SQUARE]]>
  // STOCK-COUNT-2: tt.dot {{.*}} -> tensor<64x64xf32, #[[ROWS]]>
  tt.func @accumulation(%a: tensor<64x32xf16, #a>, %b: tensor<32x64xf16, #b>, %z: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %s = tt.dot %a, %b, %z : tensor<64x32xf16, #a> * tensor<32x64xf16, #b> -> tensor<64x64xf32, #blocked>
    %t = tt.dot %a, %b, %s : tensor<64x32xf16, #a> * tensor<32x64xf16, #b> -> tensor<64x64xf32, #blocked>
    tt.return %t : tensor<64x64xf32, #blocked>
  }

  // Nor is a sum of two results, which connects them for stock.
  // CHECK-LABEL: @sum
  // TLE-COUNT-2: tt.dot {{.*}} -> tensor<64x64xf32, #[[SQUARE]]>
  // STOCK-COUNT-2: tt.dot {{.*}} -> tensor<64x64xf32, #[[ROWS]]>
  tt.func @sum(%a: tensor<64x32xf16, #a>, %b: tensor<32x64xf16, #b>, %z: tensor<64x64xf32, #blocked>) -> tensor<64x64xf32, #blocked> {
    %s = tt.dot %a, %b, %z : tensor<64x32xf16, #a> * tensor<32x64xf16, #b> -> tensor<64x64xf32, #blocked>
    %t = tt.dot %a, %b, %z : tensor<64x32xf16, #a> * tensor<32x64xf16, #b> -> tensor<64x64xf32, #blocked>
    %u = arith.addf %s, %t : tensor<64x64xf32, #blocked>
    tt.return %u : tensor<64x64xf32, #blocked>
  }

  // As operand B, transposed: TLE keeps the rows of the producer inside a warp, and has no reason to in the consumer.
  // Stock looks through no transposition.
  // CHECK-LABEL: @transposed
  // TLE: tt.dot {{.*}} -> tensor<64x64xf32, #[[ROWS]]>
  // STOCK: tt.dot {{.*}} -> tensor<64x64xf32, #[[SQUARE]]>
  // CHECK: tt.dot {{.*}} -> tensor<64x64xf32, #[[SQUARE]]>
  tt.func @transposed(%a: tensor<64x64xf16, #a>, %b: tensor<64x64xf16, #b>, %z: tensor<64x64xf32, #blocked>, %p: tensor<64x64x!tt.ptr<f32>, #blocked>) {
    %s = tt.dot %a, %b, %z : tensor<64x64xf16, #a> * tensor<64x64xf16, #b> -> tensor<64x64xf32, #blocked>
    %h = arith.truncf %s : tensor<64x64xf32, #blocked> to tensor<64x64xf16, #blocked>
    %x = tt.trans %h {order = array<i32: 1, 0>} : tensor<64x64xf16, #blocked> -> tensor<64x64xf16, #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>>
    %y = ttg.convert_layout %x : tensor<64x64xf16, #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>> -> tensor<64x64xf16, #b>
    %t = tt.dot %a, %y, %z : tensor<64x64xf16, #a> * tensor<64x64xf16, #b> -> tensor<64x64xf32, #blocked>
    tt.store %p, %t : tensor<64x64x!tt.ptr<f32>, #blocked>
    tt.return
  }
}
