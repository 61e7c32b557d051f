// RUN: tle-opt %s -verify-diagnostics -remarks-filter=triton-tle.* -triton-tle-downgrade-invalid-async-copy -o /dev/null

#line = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!f16s = !ttg.memdesc<1024xf16, #shared, #smem, mutable>
!f32s = !ttg.memdesc<1024xf32, #shared, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @reasons(%p: tensor<1024x!tt.ptr<f16>, #line>, %q: tensor<1024x!tt.ptr<f32>, #line>, %m: tensor<1024xi1, #line>, %a: !f16s, %b: !f32s) {
    %one = arith.constant dense<1.0> : tensor<1024xf32, #line>
    // expected-remark @below {{becomes a load and a store: a thread has 2 bytes to move at once, cp.async moves 4, 8 or 16}}
    %t = ttg.async_copy_global_to_local %p, %a : tensor<1024x!tt.ptr<f16>, #line> -> <1024xf16, #shared, #smem, mutable>
    // expected-remark @below {{becomes a load and a store: masked elements are not zero, cp.async fills them with zeros}}
    %u = ttg.async_copy_global_to_local %q, %b mask %m other %one : tensor<1024x!tt.ptr<f32>, #line> -> <1024xf32, #shared, #smem, mutable>
    %v = ttg.async_copy_global_to_local %q, %b mask %m : tensor<1024x!tt.ptr<f32>, #line> -> <1024xf32, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t, %u, %v
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }
}
