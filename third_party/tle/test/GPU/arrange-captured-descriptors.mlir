// RUN: tle-opt %s -triton-tle-arrange-captured-descriptors | FileCheck %s
// RUN: tle-opt %s -triton-tle-arrange-captured-descriptors -triton-tle-arrange-captured-descriptors | FileCheck %s

// Two partitions get a descriptor, one of which uses it: all three have one type.
// CHECK-DAG: #[[WIDE:.*]] = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
// CHECK-DAG: #[[NARROW:.*]] = #ttg.nvmma_shared<{swizzlingByteWidth = 32, transposed = false, elementBitWidth = 32}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#lines = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [16, 2], warpsPerCTA = [4, 1], order = [1, 0]}>
!wide = !tt.tensordesc<tensor<64x64xf16>>
!narrow = !tt.tensordesc<tensor<64x8xf32>>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @argument
  // CHECK-SAME: %{{.*}}: !tt.tensordesc<tensor<64x64xf16, #[[WIDE]]>>
  // CHECK: partition0(%{{[^:]*}}: !tt.tensordesc<tensor<64x64xf16, #[[WIDE]]>>, %{{[^:]*}}: i32)
  // CHECK: tt.descriptor_load %{{.*}} : !tt.tensordesc<tensor<64x64xf16, #[[WIDE]]>> -> tensor<64x64xf16, #{{.*}}>
  // CHECK: partition1(%{{[^:]*}}: !tt.tensordesc<tensor<64x64xf16, #[[WIDE]]>>, %{{[^:]*}}: i32)
  // CHECK: } : (!tt.tensordesc<tensor<64x64xf16, #[[WIDE]]>>, i32) -> ()
  tt.func public @argument(%d: !wide, %i: i32) {
    ttg.warp_specialize(%d, %i)
    default {
      ttg.warp_yield
    }
    partition0(%e: !wide, %j: i32) num_warps(4) {
      %v = tt.descriptor_load %e[%j, %j] : !wide -> tensor<64x64xf16, #blocked>
      tt.descriptor_store %e[%j, %j], %v : !wide, tensor<64x64xf16, #blocked>
      ttg.warp_return
    }
    partition1(%e: !wide, %j: i32) num_warps(4) {
      ttg.warp_return
    } : (!wide, i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @made_here
  // CHECK: tt.make_tensor_descriptor {{.*}}tensor<64x8xf32, #[[NARROW]]>>
  // CHECK: partition0(%{{[^:]*}}: !tt.tensordesc<tensor<64x8xf32, #[[NARROW]]>>)
  // CHECK: partition1(%{{[^:]*}}: !tt.tensordesc<tensor<64x8xf32, #[[NARROW]]>>)
  tt.func public @made_here(%p: !tt.ptr<f32>, %rows: i32, %columns: i32, %stride: i64) {
    %one = arith.constant 1 : i64
    %d = tt.make_tensor_descriptor %p, [%rows, %columns], [%stride, %one] : !tt.ptr<f32>, !narrow
    ttg.warp_specialize(%d)
    default {
      ttg.warp_yield
    }
    partition0(%e: !narrow) num_warps(4) {
      %zero = arith.constant 0 : i32
      %v = arith.constant dense<0.0> : tensor<64x8xf32, #lines>
      tt.descriptor_store %e[%zero, %zero], %v : !narrow, tensor<64x8xf32, #lines>
      ttg.warp_return
    }
    partition1(%e: !narrow) num_warps(4) {
      ttg.warp_return
    } : (!narrow) -> ()
    tt.return
  }

  // Two groups of partitions.
  // CHECK-LABEL: @twice
  // CHECK-SAME: !tt.tensordesc<tensor<64x64xf16, #[[WIDE]]>>
  // CHECK-COUNT-2: partition0(%{{[^:]*}}: !tt.tensordesc<tensor<64x64xf16, #[[WIDE]]>>)
  tt.func public @twice(%d: !wide) {
    ttg.warp_specialize(%d)
    default {
      ttg.warp_yield
    }
    partition0(%e: !wide) num_warps(4) {
      ttg.warp_return
    } : (!wide) -> ()
    ttg.warp_specialize(%d)
    default {
      ttg.warp_yield
    }
    partition0(%e: !wide) num_warps(4) {
      %zero = arith.constant 0 : i32
      %v = arith.constant dense<0.0> : tensor<64x64xf16, #blocked>
      tt.descriptor_store %e[%zero, %zero], %v : !wide, tensor<64x64xf16, #blocked>
      ttg.warp_return
    } : (!wide) -> ()
    tt.return
  }

  // All partitions use it; it goes to a call, through a choice, around a loop: types have to agree there.
  // CHECK-LABEL: @stay
  // CHECK-NOT: #[[WIDE]]
  // CHECK: tt.return
  tt.func public @stay(%d: !wide, %called: !wide, %chosen: !wide, %carried: !wide, %i: i32, %b: i1) {
    tt.call @outside(%called) : (!wide) -> ()
    ttg.warp_specialize(%d, %called, %chosen, %carried, %i, %b)
    default {
      ttg.warp_yield
    }
    partition0(%e: !wide, %f: !wide, %g: !wide, %h: !wide, %j: i32, %c: i1) num_warps(4) {
      %v = tt.descriptor_load %e[%j, %j] : !wide -> tensor<64x64xf16, #blocked>
      %k = arith.select %c, %g, %g : !wide
      tt.descriptor_store %k[%j, %j], %v : !wide, tensor<64x64xf16, #blocked>
      %l = scf.for %n = %j to %j step %j iter_args(%m = %h) -> !wide : i32 {
        scf.yield %m : !wide
      }
      ttg.warp_return
    } : (!wide, !wide, !wide, !wide, i32, i1) -> ()
    tt.return
  }

  // No partition gets it: stock's pass finds it by itself.
  // CHECK-LABEL: @not_captured
  // CHECK-SAME: %{{.*}}: !tt.tensordesc<tensor<64x64xf16>>
  tt.func public @not_captured(%d: !wide, %i: i32) {
    %v = tt.descriptor_load %d[%i, %i] : !wide -> tensor<64x64xf16, #blocked>
    tt.descriptor_store %d[%i, %i], %v : !wide, tensor<64x64xf16, #blocked>
    ttg.warp_specialize(%i)
    default {
      ttg.warp_yield
    }
    partition0(%j: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // Blocks that TMA does not know.
  // CHECK-LABEL: @no_arrangement
  // CHECK-SAME: !tt.tensordesc<tensor<64x64xi1>>, %{{.*}}: !tt.tensordesc<tensor<f32>>, %{{.*}}: !tt.tensordesc<tensor<8x8x!tt.ptr<f32>>>
  tt.func public @no_arrangement(%a: !tt.tensordesc<tensor<64x64xi1>>, %b: !tt.tensordesc<tensor<f32>>, %c: !tt.tensordesc<tensor<8x8x!tt.ptr<f32>>>) {
    ttg.warp_specialize(%a, %b, %c)
    default {
      ttg.warp_yield
    }
    partition0(%d: !tt.tensordesc<tensor<64x64xi1>>, %e: !tt.tensordesc<tensor<f32>>, %f: !tt.tensordesc<tensor<8x8x!tt.ptr<f32>>>) num_warps(4) {
      ttg.warp_return
    } : (!tt.tensordesc<tensor<64x64xi1>>, !tt.tensordesc<tensor<f32>>, !tt.tensordesc<tensor<8x8x!tt.ptr<f32>>>) -> ()
    tt.return
  }

  // CHECK-LABEL: @outside
  // CHECK-SAME: !tt.tensordesc<tensor<64x64xf16>>
  tt.func private @outside(%d: !wide)
}
