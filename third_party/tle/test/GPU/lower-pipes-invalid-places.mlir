// RUN: tle-opt %s -split-input-file -verify-diagnostics -triton-tle-lower-pipes

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @early_read(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %t = ttg.memdesc_index %field[%i] : !field -> !tile
      // expected-error @+1 {{field #0 of pipe 'tiles' is accessed without a wait before it}}
      %x = ttg.local_load %t : !tile -> tensor<64x64xbf16, #blocked>
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %v = arith.constant dense<0.0> : tensor<64x64xbf16, #blocked>
      %t = ttg.memdesc_index %f[%j] : !field -> !tile
      tle.pipe_acquire %b[%j] : !bars
      ttg.local_store %v, %t : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @early_write(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %t = ttg.memdesc_index %field[%i] : !field -> !tile
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      %x = ttg.local_load %t : !tile -> tensor<64x64xbf16, #blocked>
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %v = arith.constant dense<0.0> : tensor<64x64xbf16, #blocked>
      %t = ttg.memdesc_index %f[%j] : !field -> !tile
      // expected-error @+1 {{field #0 of pipe 'tiles' is accessed without an acquire before it}}
      ttg.local_store %v, %t : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @one_buffer_in_two_pipes(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    %others = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    // expected-error @+1 {{field 'a' of pipe 'more' is a field of pipe 'tiles' already}}
    tle.pipe_create %others, %field {name = "more", oneShot = false, readers = ["r"], tle.fields = ["a"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @one_buffer_as_two_fields(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    // expected-error @+1 {{pipe 'tiles' has one buffer as two fields, field #1 the second time}}
    tle.pipe_create %bars, %field, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @no_end(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    }
    partition1(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %t = ttg.memdesc_index %f[%j] : !field -> !tile
      // expected-error @+1 {{field #0 of pipe 'tiles' is accessed by a partition that has no end of it}}
      %x = ttg.local_load %t : !tile -> tensor<64x64xbf16, #blocked>
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @read_after_release(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        %place = arith.andi %t, %c1 : i32
        %s = ttg.memdesc_index %field[%place] : !field -> !tile
        // expected-note @+1 {{released here}}
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
        // expected-error @+1 {{field #0 of pipe 'tiles' is accessed after its tile has been released}}
        %x = ttg.local_load %s : !tile -> tensor<64x64xbf16, #blocked>
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @write_after_commit(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %v = arith.constant dense<0.0> : tensor<64x64xbf16, #blocked>
      %place = arith.remui %j, %c2 : i32
      %s = ttg.memdesc_index %f[%place] : !field -> !tile
      tle.pipe_acquire %b[%j] : !bars
      // expected-note @+1 {{committed here}}
      tle.pipe_commit %b[%j] : !bars
      // expected-error @+1 {{field #0 of pipe 'tiles' is written to after its tile has been committed}}
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !tile
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @outside_of_a_loop(%i: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    // expected-error @+1 {{pipe 'tiles' is made outside of a loop around tle.gpu.warp_specialize: each run counts its tiles from 0 and needs a pipe of its own, made inside}}
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    // expected-note @+1 {{the loop}}
    scf.for %t = %c0 to %i step %c1 : i32 {
      ttg.warp_specialize(%bars, %i)
      default {
        tle.pipe_wait %bars[%i] {reader = "r"} : !bars
        tle.pipe_release %bars[%i] {reader = "r"} : !bars
        ttg.warp_yield
      }
      partition0(%b: !bars, %j: i32) num_warps(4) {
        tle.pipe_acquire %b[%j] : !bars
        tle.pipe_commit %b[%j] : !bars
        ttg.warp_return
      } : (!bars, i32) -> ()
    }
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @ends_in_two(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    ttg.warp_specialize(%bars, %i)
    default {
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      // expected-error @+1 {{pipe 'tiles' serves one tle.gpu.warp_specialize, but its reader 'r' is in another one than its writer}}
      tle.pipe_wait %b[%j] {reader = "r"} : !bars
      tle.pipe_release %b[%j] {reader = "r"} : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @one_end_in_two(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    ttg.warp_specialize(%bars, %i)
    default {
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      // expected-error @+1 {{pipe 'tiles' serves one tle.gpu.warp_specialize, but its reader 'r' is used in two: make a pipe for each}}
      tle.pipe_wait %b[%j] {reader = "r"} : !bars
      tle.pipe_release %b[%j] {reader = "r"} : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}
