// RUN: tle-opt %s -split-input-file -verify-diagnostics -triton-tle-lower-pipes

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @reads_more(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c5 = arith.constant 5 : i32
      scf.for %t = %c0 to %c5 step %c1 : i32 {
        tle.pipe_wait %bars[%i] {reader = "r"} : !bars
        // expected-error @+1 {{pipe 'tiles': its reader 'r' releases 5 tiles, but 4 are committed: it would wait for ever for the next one}}
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @writes_more(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c5 = arith.constant 5 : i32
      scf.for %t = %c0 to %c5 step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      scf.for %t = %c0 to %c8 step %c1 : i32 {
        // expected-error @+1 {{pipe 'tiles': its writer acquires 8 times, but its reader 'r' releases 5 tiles of 2 slots: it would wait for ever}}
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @waits_for_none(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c5 = arith.constant 5 : i32
      // expected-error @+1 {{pipe 'tiles': its reader 'r' waits for tile 5, but 4 tiles are committed in all: it would wait for ever}}
      tle.pipe_wait %bars[%c5] {reader = "r", tle.implied_release} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
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
  tt.func public @gaps(%i: i32) {
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
      scf.for %t = %c0 to %c4 step %c2 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        // expected-error @+1 {{pipe 'tiles': tile 2 is committed, but only 2 tiles are in all: tiles are counted without gaps}}
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
  tt.func public @before_the_first(%i: i32) {
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
        %before = arith.subi %t, %c1 : i32
        // expected-error @+1 {{pipe 'tiles' has a step for tile -1, but tiles are counted from 0 on}}
        tle.pipe_release %bars[%before] {reader = "r"} : !bars
      }
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
  tt.func public @waits_beyond_in_nested_loops(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c2 step %c1 : i32 {
        scf.for %u = %c1 to %c4 step %c2 : i32 {
          %twice = arith.muli %t, %c2 : i32
          %tile = arith.addi %twice, %u : i32
          // expected-error @+1 {{pipe 'tiles': its reader 'r' waits for tile 5, but 4 tiles are committed in all: it would wait for ever}}
          tle.pipe_wait %bars[%tile] {reader = "r", tle.implied_release} : !bars
        }
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
  tt.func public @one_shot_beyond_its_slots(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
    tle.pipe_create %bars, %field {name = "tiles", oneShot = true, readers = ["r"]} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%c0] {reader = "r"} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      ttg.warp_yield
    }
    partition0(%b: !ttg.memdesc<2x1xi64, #bar, #smem, mutable>, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        // expected-error @+1 {{pipe 'tiles' has a step for tile 3, but it is one-shot and has 2 slots}}
        tle.pipe_acquire %b[%t] : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
        tle.pipe_commit %b[%t] : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      }
      ttg.warp_return
    } : (!ttg.memdesc<2x1xi64, #bar, #smem, mutable>, !field, i32) -> ()
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
  tt.func public @one_shot_waits_for_none(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
    tle.pipe_create %bars, %field {name = "tiles", oneShot = true, readers = ["r"]} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      // expected-error @+1 {{pipe 'tiles': its reader 'r' waits for tile 1, but 1 tiles are committed in all: it would wait for ever}}
      tle.pipe_wait %bars[%c1] {reader = "r"} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      ttg.warp_yield
    }
    partition0(%b: !ttg.memdesc<2x1xi64, #bar, #smem, mutable>, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_acquire %b[%c0] : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      tle.pipe_commit %b[%c0] : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      ttg.warp_return
    } : (!ttg.memdesc<2x1xi64, #bar, #smem, mutable>, !field, i32) -> ()
    tt.return
  }
}
