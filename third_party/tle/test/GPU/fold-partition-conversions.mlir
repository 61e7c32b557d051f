// RUN: tle-opt %s -allow-unregistered-dialect -triton-tle-fold-partition-conversions | FileCheck %s
// RUN: tle-opt %s -allow-unregistered-dialect -triton-tle-fold-partition-conversions -triton-tle-fold-partition-conversions | FileCheck %s

#vec = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#rows = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#row = #ttg.slice<{dim = 1, parent = #rows}>
#mmarow = #ttg.slice<{dim = 1, parent = #mma}>
#factor = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
!line = !ttg.memdesc<64xf32, #plain, #smem, mutable>

// CHECK-DAG: #[[ROWS:.+]] = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8]
// CHECK-DAG: #[[VEC:.+]] = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32]
// CHECK-DAG: #[[EACH:.+]] = #ttg.blocked<{sizePerThread = [2], threadsPerWarp = [32]
// CHECK-DAG: #[[MMA:.+]] = #ttg.nvidia_mma

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Indices that a loop carries, their mask and what is stored for them: all in the layout of the rows.
  // CHECK-LABEL: @indices
  // CHECK: tt.load %{{.+}} : tensor<64x!tt.ptr<i32>, #ttg.slice<{dim = 1, parent = #[[ROWS]]}>>
  // CHECK: scf.for {{.*}} -> (tensor<64xi32, #ttg.slice<{dim = 1, parent = #[[ROWS]]}>>)
  // CHECK-NOT: ttg.convert_layout
  // CHECK: tt.load %{{.+}}, %{{.+}}, %{{.+}} : tensor<64x!tt.ptr<i32>, #ttg.slice<{dim = 1, parent = #[[ROWS]]}>>
  // CHECK: tt.expand_dims %{{.+}} -> tensor<64x1xi32, #[[ROWS]]>
  // CHECK: ttg.local_store %{{.+}} : tensor<64xf32, #ttg.slice<{dim = 1, parent = #[[ROWS]]}>>
  // CHECK: tt.return
  tt.func public @indices(%p: !tt.ptr<i32>, %n: i32, %line: !line) {
    ttg.warp_specialize(%p, %n, %line)
    default {
      ttg.warp_yield
    }
    partition0(%q: !tt.ptr<i32>, %m: i32, %l: !line) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %zero = arith.constant dense<0> : tensor<64xi32, #vec>
      %f0 = arith.constant dense<0.0> : tensor<64xf32, #vec>
      %f1 = arith.constant dense<1.0> : tensor<64xf32, #vec>
      %range = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #vec>
      %base = tt.splat %q : !tt.ptr<i32> -> tensor<64x!tt.ptr<i32>, #vec>
      %first = tt.addptr %base, %range : tensor<64x!tt.ptr<i32>, #vec>, tensor<64xi32, #vec>
      %start = tt.load %first : tensor<64x!tt.ptr<i32>, #vec>
      %end = scf.for %i = %c0 to %m step %c1 iter_args(%index = %start) -> (tensor<64xi32, #vec>) : i32 {
        %valid = arith.cmpi sge, %index, %zero : tensor<64xi32, #vec>
        %safe = arith.select %valid, %index, %zero : tensor<64xi1, #vec>, tensor<64xi32, #vec>
        %offset = tt.splat %i : i32 -> tensor<64xi32, #vec>
        %at = tt.addptr %first, %offset : tensor<64x!tt.ptr<i32>, #vec>, tensor<64xi32, #vec>
        %next = tt.load %at, %valid, %zero : tensor<64x!tt.ptr<i32>, #vec>
        %wide = ttg.convert_layout %safe : tensor<64xi32, #vec> -> tensor<64xi32, #row>
        %ok = ttg.convert_layout %valid : tensor<64xi1, #vec> -> tensor<64xi1, #row>
        %column = tt.expand_dims %wide {axis = 1 : i32} : tensor<64xi32, #row> -> tensor<64x1xi32, #rows>
        %mask = tt.expand_dims %ok {axis = 1 : i32} : tensor<64xi1, #row> -> tensor<64x1xi1, #rows>
        "test.use"(%column, %mask) : (tensor<64x1xi32, #rows>, tensor<64x1xi1, #rows>) -> ()
        %bias = arith.select %valid, %f0, %f1 : tensor<64xi1, #vec>, tensor<64xf32, #vec>
        ttg.local_store %bias, %l : tensor<64xf32, #vec> -> !line
        scf.yield %next : tensor<64xi32, #vec>
      }
      ttg.warp_return
    } : (!tt.ptr<i32>, i32, !line) -> ()
    tt.return
  }

  // A vector that is stored: addresses and mask take the value's layout.
  // CHECK-LABEL: @stored
  // CHECK-NOT: ttg.convert_layout
  // CHECK: tt.store %{{.+}}, %{{.+}}, %{{.+}} : tensor<64x!tt.ptr<f32>, #ttg.slice<{dim = 1, parent = #[[MMA]]}>>
  tt.func public @stored(%p: !tt.ptr<f32>, %n: i32) {
    ttg.warp_specialize(%p, %n)
    default {
      ttg.warp_yield
    }
    partition0(%q: !tt.ptr<f32>, %m: i32) num_warps(4) {
      %v = "test.make"() : () -> tensor<64xf32, #mmarow>
      %range = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #vec>
      %limit = tt.splat %m : i32 -> tensor<64xi32, #vec>
      %mask = arith.cmpi slt, %range, %limit : tensor<64xi32, #vec>
      %base = tt.splat %q : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>, #vec>
      %at = tt.addptr %base, %range : tensor<64x!tt.ptr<f32>, #vec>, tensor<64xi32, #vec>
      %w = ttg.convert_layout %v : tensor<64xf32, #mmarow> -> tensor<64xf32, #vec>
      tt.store %at, %w, %mask : tensor<64x!tt.ptr<f32>, #vec>
      ttg.warp_return
    } : (!tt.ptr<f32>, i32) -> ()
    tt.return
  }

  // Each warp reduces the whole vector; several layouts of one buffer are several loads.
  // CHECK-LABEL: @vote
  // CHECK: ttg.local_load %{{.+}} -> tensor<64xf32, #[[EACH]]>
  // CHECK: "tt.reduce"
  // CHECK: (tensor<64xf32, #[[EACH]]>) -> f32
  tt.func public @vote(%line: !line) {
    ttg.warp_specialize(%line)
    default {
      ttg.warp_yield
    }
    partition0(%l: !line) num_warps(4) {
      %v = ttg.local_load %l : !line -> tensor<64xf32, #vec>
      %m = "tt.reduce"(%v) <{axis = 0 : i32}> ({
      ^bb0(%a: f32, %b: f32):
        %x = arith.minnumf %a, %b : f32
        tt.reduce.return %x : f32
      }) : (tensor<64xf32, #vec>) -> f32
      "test.use"(%m) : (f32) -> ()
      ttg.warp_return
    } : (!line) -> ()
    tt.return
  }

  // A factor held in registers is loaded as the product wants it.
  // CHECK-LABEL: @held
  // CHECK: %[[L:.+]] = ttg.local_load %{{.+}} -> tensor<64x64xbf16, #ttg.dot_op
  // CHECK-NEXT: tt.elementwise_inline_asm {{.*}} %[[L]] : tensor<64x64xbf16, #ttg.dot_op
  // CHECK-NEXT: "test.use"
  tt.func public @held(%tile: !tile) {
    ttg.warp_specialize(%tile)
    default {
      ttg.warp_yield
    }
    partition0(%t: !tile) num_warps(4) {
      %v = ttg.local_load %t : !tile -> tensor<64x64xbf16, #rows>
      %h = tt.elementwise_inline_asm "mov.b32 $0, $1;" {constraints = "=r,r", packed_element = 2 : i32, pure = true} %v : tensor<64x64xbf16, #rows> -> tensor<64x64xbf16, #rows>
      %w = ttg.convert_layout %h : tensor<64x64xbf16, #rows> -> tensor<64x64xbf16, #factor>
      "test.use"(%w) : (tensor<64x64xbf16, #factor>) -> ()
      ttg.warp_return
    } : (!tile) -> ()
    tt.return
  }

  // More elements than threads: every thread would load more than before.
  // CHECK-LABEL: @large
  // CHECK: tt.load %{{.+}} : tensor<512x!tt.ptr<i32>, #[[VEC]]>
  // CHECK: ttg.convert_layout
  tt.func public @large(%p: !tt.ptr<i32>) {
    ttg.warp_specialize(%p)
    default {
      ttg.warp_yield
    }
    partition0(%q: !tt.ptr<i32>) num_warps(4) {
      %range = tt.make_range {start = 0 : i32, end = 512 : i32} : tensor<512xi32, #vec>
      %base = tt.splat %q : !tt.ptr<i32> -> tensor<512x!tt.ptr<i32>, #vec>
      %at = tt.addptr %base, %range : tensor<512x!tt.ptr<i32>, #vec>, tensor<512xi32, #vec>
      %v = tt.load %at : tensor<512x!tt.ptr<i32>, #vec>
      %w = ttg.convert_layout %v : tensor<512xi32, #vec> -> tensor<512xi32, #row>
      "test.use"(%w) : (tensor<512xi32, #row>) -> ()
      ttg.warp_return
    } : (!tt.ptr<i32>) -> ()
    tt.return
  }

  // Made by an op with a layout of its own.
  // CHECK-LABEL: @bound
  // CHECK: ttg.convert_layout
  tt.func public @bound(%line: !line) {
    ttg.warp_specialize(%line)
    default {
      ttg.warp_yield
    }
    partition0(%l: !line) num_warps(4) {
      %v = "test.make"() : () -> tensor<64xf32, #mmarow>
      %w = ttg.convert_layout %v : tensor<64xf32, #mmarow> -> tensor<64xf32, #row>
      "test.use"(%w) : (tensor<64xf32, #row>) -> ()
      ttg.warp_return
    } : (!line) -> ()
    tt.return
  }

  // Outside of partitions stock's choice stays.
  // CHECK-LABEL: @outside
  // CHECK: ttg.convert_layout
  tt.func public @outside(%l: !line) {
    %v = ttg.local_load %l : !line -> tensor<64xf32, #vec>
    %w = ttg.convert_layout %v : tensor<64xf32, #vec> -> tensor<64xf32, #row>
    "test.use"(%w) : (tensor<64xf32, #row>) -> ()
    tt.return
  }
}
