// RUN: tle-opt %s -split-input-file -tritongpu-accelerate-matmul | FileCheck %s
// RUN: tle-opt %s -split-input-file -tritongpu-accelerate-matmul -remarks-filter=.*accelerate.* -o /dev/null 2>&1 | FileCheck %s --check-prefix=SAYS
// REQUIRES: tle

// How warps share the products, and why not otherwise.
// SAYS: [Missed]{{.*}}Function=chain_of_64_rows | Remark="warps share rows of a chained product, M is too small for all of them: 4 x 2"
// SAYS: [Missed]{{.*}}Function=too_few_rows | Remark="shape or number of warps do not suit warp groups"
// SAYS: [Passed]{{.*}}Function=chain_of_128_rows | Remark="8 x 1 warps, a chain of products"
// SAYS: [Passed]{{.*}}Function=accumulation | Remark="4 x 2 warps, no chain of products"

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
// CHECK-DAG: #[[S:.*]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 2], instrShape = [16, 32, 16]}>
// CHECK-DAG: #[[O:.*]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 2], instrShape = [16, 128, 16]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 8 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // 64 rows feed four warps: in a chain, too, the other four go along N.
  // CHECK-LABEL: @chain_of_64_rows
  // CHECK: ttng.warp_group_dot {{.*}} -> tensor<64x64xf32, #[[S]]>
  // No warp computes whole rows of the second product's operand A: it goes through shared memory.
  // CHECK: ttng.warp_group_dot {{.*}} : !ttg.memdesc<64x64xbf16, {{.*}} * {{.*}} -> tensor<64x256xf32, #[[O]]>
  tt.func @chain_of_64_rows(%qp: tensor<64x64x!tt.ptr<bf16>, #blocked>, %k: tensor<64x64xbf16, #b>, %v: tensor<64x256xbf16, #b>) -> tensor<64x256xf32, #blocked> {
    %zs = arith.constant dense<0.0> : tensor<64x64xf32, #blocked>
    %zo = arith.constant dense<0.0> : tensor<64x256xf32, #blocked>
    %q = tt.load %qp : tensor<64x64x!tt.ptr<bf16>, #blocked>
    %qa = ttg.convert_layout %q : tensor<64x64xbf16, #blocked> -> tensor<64x64xbf16, #a>
    %s = tt.dot %qa, %k, %zs : tensor<64x64xbf16, #a> * tensor<64x64xbf16, #b> -> tensor<64x64xf32, #blocked>
    %e = math.exp2 %s : tensor<64x64xf32, #blocked>
    %h = arith.truncf %e : tensor<64x64xf32, #blocked> to tensor<64x64xbf16, #blocked>
    %pa = ttg.convert_layout %h : tensor<64x64xbf16, #blocked> -> tensor<64x64xbf16, #a>
    %o = tt.dot %pa, %v, %zo : tensor<64x64xbf16, #a> * tensor<64x256xbf16, #b> -> tensor<64x256xf32, #blocked>
    tt.return %o : tensor<64x256xf32, #blocked>
  }

  // What an assembly holds in registers stays there, in the layout of the product already before the assembly.
  // CHECK-LABEL: @held_in_registers
  // CHECK: %[[P:.+]] = ttg.local_load
  // CHECK-NEXT: %[[L:.+]] = ttg.convert_layout %[[P]] : {{.*}} -> tensor<64x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #[[O]], kWidth = 2}>>
  // CHECK-NEXT: %[[H:.+]] = tt.elementwise_inline_asm "mov.b32 $0, $1;" {{.*}} %[[L]]
  // CHECK: ttng.warp_group_dot %[[H]],
  // An assembly that changes the type holds nothing: its result goes through shared memory.
  // CHECK: ttng.warp_group_dot {{.*}} : !ttg.memdesc<64x64xbf16
  tt.func @held_in_registers(%p: !ttg.memdesc<64x64xbf16, #shared, #smem>, %i: tensor<64x64xi16, #blocked>, %v: tensor<64x256xbf16, #b>) -> tensor<64x256xf32, #blocked> {
    %z = arith.constant dense<0.0> : tensor<64x256xf32, #blocked>
    %l = ttg.local_load %p : !ttg.memdesc<64x64xbf16, #shared, #smem> -> tensor<64x64xbf16, #blocked>
    %h = tt.elementwise_inline_asm "mov.b32 $0, $1;" {constraints = "=r,r", packed_element = 2 : i32, pure = true} %l : tensor<64x64xbf16, #blocked> -> tensor<64x64xbf16, #blocked>
    %ha = ttg.convert_layout %h : tensor<64x64xbf16, #blocked> -> tensor<64x64xbf16, #a>
    %o = tt.dot %ha, %v, %z : tensor<64x64xbf16, #a> * tensor<64x256xbf16, #b> -> tensor<64x256xf32, #blocked>
    %c = tt.elementwise_inline_asm "mov.b32 $0, $1;" {constraints = "=r,r", packed_element = 2 : i32, pure = true} %i : tensor<64x64xi16, #blocked> -> tensor<64x64xbf16, #blocked>
    %ca = ttg.convert_layout %c : tensor<64x64xbf16, #blocked> -> tensor<64x64xbf16, #a>
    %d = tt.dot %ca, %v, %o : tensor<64x64xbf16, #a> * tensor<64x256xbf16, #b> -> tensor<64x256xf32, #blocked>
    tt.return %d : tensor<64x256xf32, #blocked>
  }
}

// -----

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
// CHECK-DAG: #[[ALONG_K:.*]] = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
// CHECK-DAG: #[[ROWS:.*]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [8, 1], instrShape = [16, 64, 16]}>
// CHECK-DAG: #[[ACC:.*]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 2], instrShape = [16, 64, 16]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 8 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // 128 rows feed all warps: the chain keeps a row inside a warp.
  // CHECK-LABEL: @chain_of_128_rows
  // CHECK: ttng.warp_group_dot {{.*}} -> tensor<128x64xf32, #[[ROWS]]>
  // Each warp has its rows of the second operand A in registers.
  // CHECK: ttng.warp_group_dot {{.*}} : tensor<128x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #[[ROWS]], kWidth = 2}>>
  tt.func @chain_of_128_rows(%q: tensor<128x64xbf16, #a>, %k: tensor<64x64xbf16, #b>, %v: tensor<64x64xbf16, #b>) -> tensor<128x64xf32, #blocked> {
    %z = arith.constant dense<0.0> : tensor<128x64xf32, #blocked>
    %s = tt.dot %q, %k, %z : tensor<128x64xbf16, #a> * tensor<64x64xbf16, #b> -> tensor<128x64xf32, #blocked>
    %h = arith.truncf %s : tensor<128x64xf32, #blocked> to tensor<128x64xbf16, #blocked>
    %pa = ttg.convert_layout %h : tensor<128x64xbf16, #blocked> -> tensor<128x64xbf16, #a>
    %o = tt.dot %pa, %v, %z : tensor<128x64xbf16, #a> * tensor<64x64xbf16, #b> -> tensor<128x64xf32, #blocked>
    tt.return %o : tensor<128x64xf32, #blocked>
  }

  // Feeding another dot's accumulator is no chain.
  // CHECK-LABEL: @accumulation
  // CHECK-COUNT-2: ttng.warp_group_dot {{.*}} -> tensor<64x128xf32, #[[ACC]]>
  tt.func @accumulation(%a0: tensor<64x64xbf16, #a>, %b0: tensor<64x128xbf16, #b>) -> tensor<64x128xf32, #blocked> {
    %z = arith.constant dense<0.0> : tensor<64x128xf32, #blocked>
    %s = tt.dot %a0, %b0, %z : tensor<64x64xbf16, #a> * tensor<64x128xbf16, #b> -> tensor<64x128xf32, #blocked>
    %t = tt.dot %a0, %b0, %s : tensor<64x64xbf16, #a> * tensor<64x128xbf16, #b> -> tensor<64x128xf32, #blocked>
    tt.return %t : tensor<64x128xf32, #blocked>
  }

  // Rows of 8 columns would have no swizzle: stored contiguous along K.
  // CHECK-LABEL: @eight_columns
  // CHECK: ttg.local_alloc %{{.*}} : (tensor<128x8xbf16, #{{.*}}>) -> !ttg.memdesc<128x8xbf16, #[[ALONG_K]], #smem>
  // CHECK: ttng.warp_group_dot
  tt.func @eight_columns(%a0: tensor<64x128xbf16, #a>, %b0: tensor<128x8xbf16, #b>) -> tensor<64x8xf32, #blocked> {
    %z = arith.constant dense<0.0> : tensor<64x8xf32, #blocked>
    %s = tt.dot %a0, %b0, %z : tensor<64x128xbf16, #a> * tensor<128x8xbf16, #b> -> tensor<64x8xf32, #blocked>
    tt.return %s : tensor<64x8xf32, #blocked>
  }

  // 32 rows are too few for a warp group: single warps do the product.
  // CHECK-LABEL: @too_few_rows
  // CHECK: tt.dot {{.*}} -> tensor<32x64xf32, #mma{{[0-9]*}}>
  tt.func @too_few_rows(%a0: tensor<32x64xbf16, #a>, %b0: tensor<64x64xbf16, #b>, %c: tensor<32x64xf32, #blocked>) -> tensor<32x64xf32, #blocked> {
    %s = tt.dot %a0, %b0, %c : tensor<32x64xbf16, #a> * tensor<64x64xbf16, #b> -> tensor<32x64xf32, #blocked>
    tt.return %s : tensor<32x64xf32, #blocked>
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @no_layout_yet
  // CHECK: tt.dot
  tt.func @no_layout_yet(%a: tensor<64x64xbf16>, %b: tensor<64x64xbf16>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
    %s = tt.dot %a, %b, %c : tensor<64x64xbf16> * tensor<64x64xbf16> -> tensor<64x64xf32>
    tt.return %s : tensor<64x64xf32>
  }
}

// -----

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
// 16 warps start with 128 registers a thread, too few for 256 columns.
// CHECK-DAG: #[[HALF:.*]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 128, 16]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @sixteen_warps
  // CHECK: ttng.warp_group_dot {{.*}} -> tensor<64x256xf32, #[[HALF]]>
  tt.func @sixteen_warps(%a0: tensor<64x64xbf16, #a>, %b0: tensor<64x256xbf16, #b>, %c: tensor<64x256xf32, #blocked>) {
    ttg.warp_specialize()
    default {
      %s = tt.dot %a0, %b0, %c : tensor<64x64xbf16, #a> * tensor<64x256xbf16, #b> -> tensor<64x256xf32, #blocked>
      ttg.warp_yield
    }
    partition0() num_warps(8) {
      ttg.warp_return
    }
    partition1() num_warps(4) {
      ttg.warp_return
    } : () -> ()
    tt.return
  }
}

// -----

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
// CHECK-DAG: #[[WHOLE:.*]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 256, 16]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @twelve_warps
  // CHECK: ttng.warp_group_dot {{.*}} -> tensor<64x256xf32, #[[WHOLE]]>
  tt.func @twelve_warps(%a0: tensor<64x64xbf16, #a>, %b0: tensor<64x256xbf16, #b>, %c: tensor<64x256xf32, #blocked>) {
    ttg.warp_specialize()
    default {
      %s = tt.dot %a0, %b0, %c : tensor<64x64xbf16, #a> * tensor<64x256xbf16, #b> -> tensor<64x256xf32, #blocked>
      ttg.warp_yield
    }
    partition0() num_warps(8) {
      ttg.warp_return
    } : () -> ()
    tt.return
  }
}

// -----

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
#b = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
// More warps than there can be.
// CHECK-DAG: #[[LEAST:.*]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8, 16]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @many_warps
  // CHECK: ttng.warp_group_dot {{.*}} -> tensor<64x256xf32, #[[LEAST]]>
  tt.func @many_warps(%a0: tensor<64x64xbf16, #a>, %b0: tensor<64x256xbf16, #b>, %c: tensor<64x256xf32, #blocked>) {
    ttg.warp_specialize()
    default {
      %s = tt.dot %a0, %b0, %c : tensor<64x64xbf16, #a> * tensor<64x256xbf16, #b> -> tensor<64x256xf32, #blocked>
      ttg.warp_yield
    }
    partition0() num_warps(1073741824) {
      ttg.warp_return
    }
    partition1() num_warps(1073741824) {
      ttg.warp_return
    } : () -> ()
    tt.return
  }
}
