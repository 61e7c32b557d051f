// RUN: tle-opt %s -triton-tle-guard-stock-pipeline=num-stages=3 | FileCheck %s
// RUN: tle-opt %s -triton-tle-guard-stock-pipeline=num-stages=3 -triton-tle-guard-stock-pipeline=num-stages=3 | FileCheck %s
// RUN: tle-opt %s -triton-tle-guard-stock-pipeline | FileCheck %s --check-prefix=ONE

// Loops that name no stages have one here.
// ONE-LABEL: @in_the_branch
// ONE-NOT: tt.num_stages
// ONE: tt.return

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#turned = #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!ptrs = tensor<64x64x!tt.ptr<f16>, #blocked>
!tile = tensor<64x64xf16, #blocked>
!memory = !ttg.memdesc<64x64xf16, #shared, #smem>
!view = !ttg.memdesc<64x64xf16, #shared1, #smem>
!acc = tensor<64x64xf32, #mma>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Copied to shared memory in the branch; transposed outside of it.
  // CHECK-LABEL: @in_the_branch
  // CHECK: scf.for
  // CHECK: } {tt.num_stages = 1 : i32}
  tt.func public @in_the_branch(%p: !ptrs, %q: !ptrs, %a: !memory, %zero: !acc, %n: i32, %c: i1) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!acc) : i32 {
      %x = tt.load %p : !ptrs
      %d = scf.if %c -> (!acc) {
        %b = ttg.local_alloc %x : (!tile) -> !memory
        %e = ttng.warp_group_dot %a, %b, %acc {inputPrecision = 0 : i32} : !memory * !memory -> !acc
        scf.yield %e : !acc
      } else {
        scf.yield %acc : !acc
      }
      tt.store %q, %x : !ptrs
      scf.yield %d : !acc
    }
    tt.return %r : !acc
  }

  // Copied outside, read in the branch through a view; the loop names its stages.
  // CHECK-LABEL: @view_in_the_branch
  // CHECK: scf.for
  // CHECK: } {tt.num_stages = 1 : i32}
  tt.func public @view_in_the_branch(%p: !ptrs, %q: !ptrs, %a: !memory, %zero: !acc, %n: i32, %c: i1) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!acc) : i32 {
      %x = tt.load %p : !ptrs
      %b = ttg.local_alloc %x : (!tile) -> !memory
      %v = ttg.memdesc_trans %b {order = array<i32: 1, 0>} : !memory -> !view
      %d = scf.if %c -> (!acc) {
        %e = ttng.warp_group_dot %a, %v, %acc {inputPrecision = 0 : i32} : !memory * !view -> !acc
        scf.yield %e : !acc
      } else {
        scf.yield %acc : !acc
      }
      tt.store %q, %x : !ptrs
      scf.yield %d : !acc
    } {tt.num_stages = 2 : i32}
    tt.return %r : !acc
  }

  // One use: stock gives the tile a slot more. Used as a value in the branch: read before it. Read in the body: in time.
  // CHECK-LABEL: @safe
  // CHECK-NOT: tt.num_stages
  // CHECK: tt.return
  tt.func public @safe(%p: !ptrs, %q: !ptrs, %a: !memory, %zero: !acc, %n: i32, %c: i1) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!acc) : i32 {
      %x = tt.load %p : !ptrs
      %y = tt.load %q : !ptrs
      %k = ttg.local_alloc %y : (!tile) -> !memory
      %f = ttng.warp_group_dot %a, %k, %acc {inputPrecision = 0 : i32} : !memory * !memory -> !acc
      %d = scf.if %c -> (!acc) {
        tt.store %q, %y : !ptrs
        %b = ttg.local_alloc %x : (!tile) -> !memory
        %e = ttng.warp_group_dot %a, %b, %f {inputPrecision = 0 : i32} : !memory * !memory -> !acc
        scf.yield %e : !acc
      } else {
        scf.yield %f : !acc
      }
      scf.yield %d : !acc
    }
    tt.return %r : !acc
  }

  // A loop that is not pipelined stays.
  // CHECK-LABEL: @one_stage
  // CHECK: } {tt.num_stages = 1 : i32}
  tt.func public @one_stage(%p: !ptrs, %q: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    scf.for %i = %c0 to %n step %c1 : i32 {
      %x = tt.load %p : !ptrs
      tt.store %q, %x : !ptrs
    } {tt.num_stages = 1 : i32}
    tt.return
  }
}
