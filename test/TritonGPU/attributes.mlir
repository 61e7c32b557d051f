// RUN: tle-opt %s | FileCheck %s --strict-whitespace
// RUN: tle-opt %s | tle-opt | FileCheck %s

// Every layout prints as it is written here, under the alias it has here.

// CHECK: #blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
// CHECK: #blocked1 = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0], CGALayout = {{\[\[}}1, 0]]}>
#blocked1 = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0], CGALayout = [[1, 0]]}>
// CHECK: #blocked2 = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0], CGALayout = {{\[\[}}0, 0]]}>
#blocked2 = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0], CGALayout = [[0, 0]]}>
// CHECK: #blocked3 = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [0, 1], CGALayout = {{\[\[}}0, 1], [1, 0]]}>
#blocked3 = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [0, 1], CGALayout = [[0, 1], [1, 0]]}>
// CHECK: #blocked4 = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#blocked4 = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK: #blocked5 = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0], CGALayout = {{\[\[}}0]]}>
#blocked5 = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0], CGALayout = [[0]]}>
// CHECK: #blocked6 = #ttg.blocked<{sizePerThread = [1, 1, 1], threadsPerWarp = [1, 1, 32], warpsPerCTA = [4, 1, 1], order = [2, 1, 0]}>
#blocked6 = #ttg.blocked<{sizePerThread = [1, 1, 1], threadsPerWarp = [1, 1, 32], warpsPerCTA = [4, 1, 1], order = [2, 1, 0]}>
// CHECK: #linear = #ttg.linear<{register = {{\[\[}}0, 1]], lane = {{\[\[}}0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = {{\[\[}}8, 0], [16, 0]], block = []}>
#linear = #ttg.linear<{register = [[0, 1]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[8, 0], [16, 0]], block = []}>
// CHECK: #linear1 = #ttg.linear<{register = {{\[\[}}0, 1]], lane = {{\[\[}}0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = {{\[\[}}8, 0], [16, 0]], block = {{\[\[}}32, 0]]}>
#linear1 = #ttg.linear<{register = [[0, 1]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[8, 0], [16, 0]], block = [[32, 0]]}>
// CHECK: #mma = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>
#mma = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>
// CHECK: #mma1 = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#mma1 = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
// CHECK: #mma2 = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], CGALayout = {{\[\[}}1, 0]], instrShape = [16, 64, 16]}>
#mma2 = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], CGALayout = [[1, 0]], instrShape = [16, 64, 16]}>
// CHECK: #mma3 = #ttg.amd_mfma<{version = 3, warpsPerCTA = [2, 2], instrShape = [32, 32, 8], isTransposed = true}>
#mma3 = #ttg.amd_mfma<{version = 3, warpsPerCTA = [2, 2], instrShape = [32, 32, 8], isTransposed = true}>
// CHECK: #mma4 = #ttg.amd_mfma<{version = 4, warpsPerCTA = [2, 2], instrShape = [32, 32, 8], isTransposed = false, tilesPerWarp = [2, 1], elementBitWidth = 64}>
#mma4 = #ttg.amd_mfma<{version = 4, warpsPerCTA = [2, 2], instrShape = [32, 32, 8], isTransposed = false, tilesPerWarp = [2, 1], elementBitWidth = 64}>
// CHECK: #mma5 = #ttg.amd_mfma<{version = 4, warpsPerCTA = [2, 2], instrShape = [32, 32, 8], isTransposed = false, CGALayout = {{\[\[}}1, 0]], tilesPerWarp = [2, 1], elementBitWidth = 64}>
#mma5 = #ttg.amd_mfma<{version = 4, warpsPerCTA = [2, 2], instrShape = [32, 32, 8], isTransposed = false, CGALayout = [[1, 0]], tilesPerWarp = [2, 1], elementBitWidth = 64}>
// CHECK: #mma6 = #ttg.amd_wmma<{version = 1, isTranspose = false, warpsPerCTA = [2, 2]}>
#mma6 = #ttg.amd_wmma<{version = 1, isTranspose = false, warpsPerCTA = [2, 2]}>
// CHECK: #mma7 = #ttg.amd_wmma<{version = 2, isTranspose = true, warpsPerCTA = [2, 2], tilesPerWarp = [2, 1]}>
#mma7 = #ttg.amd_wmma<{version = 2, isTranspose = true, warpsPerCTA = [2, 2], tilesPerWarp = [2, 1]}>
// CHECK: #mma8 = #ttg.amd_wmma<{version = 3, isTranspose = true, warpsPerCTA = [2, 2], instrShape = [16, 16, 32]}>
#mma8 = #ttg.amd_wmma<{version = 3, isTranspose = true, warpsPerCTA = [2, 2], instrShape = [16, 16, 32]}>
// CHECK: #shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
// CHECK: #shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 64, transposed = true, elementBitWidth = 8}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 64, transposed = true, elementBitWidth = 8}>
// CHECK: #shared2 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 8, fp4Padded = true, CGALayout = {{\[\[}}1, 0]]}>
#shared2 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 8, fp4Padded = true, CGALayout = [[1, 0]]}>
// CHECK: #shared3 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16, rank = 3}>
#shared3 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16, rank = 3}>
// CHECK: #shared4 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16, rank = 1}>
#shared4 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16, rank = 1}>
// CHECK: #shared5 = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = false, elementBitWidth = 32, CGALayout = {{\[\[}}0, 0]]}>
#shared5 = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = false, elementBitWidth = 32, CGALayout = [[0, 0]]}>
// CHECK: #shared6 = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared6 = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
// CHECK: #shared7 = #ttg.swizzled_shared<{vec = 8, perPhase = 2, maxPhase = 4, order = [1, 0]}>
#shared7 = #ttg.swizzled_shared<{vec = 8, perPhase = 2, maxPhase = 4, order = [1, 0]}>
// CHECK: #shared8 = #ttg.swizzled_shared<{vec = 8, perPhase = 2, maxPhase = 4, order = [1, 0], CGALayout = {{\[\[}}1, 0]]}>
#shared8 = #ttg.swizzled_shared<{vec = 8, perPhase = 2, maxPhase = 4, order = [1, 0], CGALayout = [[1, 0]]}>
// CHECK: #shared9 = #ttg.padded_shared<[32:+4] {order = [1, 0], shape = [4, 4]}>
#shared9 = #ttg.padded_shared<[32:+4] {order = [1, 0], shape = [4, 4]}>
// CHECK: #shared10 = #ttg.padded_shared<[32:+4, 64:+8] {order = [1, 0], shape = [4, 4]}>
#shared10 = #ttg.padded_shared<[32:+4, 64:+8] {order = [1, 0], shape = [4, 4]}>
// CHECK: #shared11 = #ttg.padded_shared<[32:+4] {order = [0, 1], shape = [4, 4]}>
#shared11 = #ttg.padded_shared<[32:+4] {order = [0, 1], shape = [4, 4]}>
// CHECK: #shared12 = #ttg.padded_shared<[32:+4] {offset = {{\[\[}}1, 0], [0, 1], [2, 0], [0, 2]], block = []}>
#shared12 = #ttg.padded_shared<[32:+4] {offset = [[1, 0], [0, 1], [2, 0], [0, 2]], block = []}>
// CHECK: #shared13 = #ttg.padded_shared<[32:+4] {offset = {{\[\[}}1, 0], [0, 1], [2, 0]], block = {{\[\[}}0, 2]]}>
#shared13 = #ttg.padded_shared<[32:+4] {offset = [[1, 0], [0, 1], [2, 0]], block = [[0, 2]]}>
// CHECK: #shared14 = #ttg.padded_shared<[32:+4] {offset = {{\[\[}}0, 1], [0, 2], [1, 0]], block = {{\[\[}}2, 0]]}>
#shared14 = #ttg.padded_shared<[32:+4] {offset = [[0, 1], [0, 2], [1, 0]], block = [[2, 0]]}>
// CHECK: #shared15 = #ttg.shared_linear<{offset = {{\[\[}}0, 1], [0, 2], [1, 0], [2, 0]]}, alignment = 16>
#shared15 = #ttg.shared_linear<{offset = [[0, 1], [0, 2], [1, 0], [2, 0]]}, alignment = 16>
// CHECK: #shared16 = #ttg.shared_linear<{offset = {{\[\[}}0, 1], [0, 2], [1, 0], [2, 0]], block = {{\[\[}}4, 0]]}, alignment = 32>
#shared16 = #ttg.shared_linear<{offset = [[0, 1], [0, 2], [1, 0], [2, 0]], block = [[4, 0]]}, alignment = 32>

module {
  // CHECK-LABEL: @a00
  // CHECK-SAME: tle.layout = #blocked
  tt.func private @a00() attributes {tle.layout = #blocked}
  // CHECK-LABEL: @a01
  // CHECK-SAME: tle.layout = #blocked1
  tt.func private @a01() attributes {tle.layout = #blocked1}
  // CHECK-LABEL: @a02
  // CHECK-SAME: tle.layout = #blocked2
  tt.func private @a02() attributes {tle.layout = #blocked2}
  // CHECK-LABEL: @a03
  // CHECK-SAME: tle.layout = #blocked3
  tt.func private @a03() attributes {tle.layout = #blocked3}
  // CHECK-LABEL: @a04
  // CHECK-SAME: tle.layout = #blocked4
  tt.func private @a04() attributes {tle.layout = #blocked4}
  // CHECK-LABEL: @a05
  // CHECK-SAME: tle.layout = #blocked5
  tt.func private @a05() attributes {tle.layout = #blocked5}
  // CHECK-LABEL: @a06
  // CHECK-SAME: tle.layout = #blocked6
  tt.func private @a06() attributes {tle.layout = #blocked6}
  // CHECK-LABEL: @a07
  // CHECK-SAME: tle.layout = #ttg.slice<{dim = 0, parent = #blocked}>
  tt.func private @a07() attributes {tle.layout = #ttg.slice<{dim = 0, parent = #blocked}>}
  // CHECK-LABEL: @a08
  // CHECK-SAME: tle.layout = #ttg.slice<{dim = 1, parent = #blocked1}>
  tt.func private @a08() attributes {tle.layout = #ttg.slice<{dim = 1, parent = #blocked1}>}
  // CHECK-LABEL: @a09
  // CHECK-SAME: tle.layout = #mma
  tt.func private @a09() attributes {tle.layout = #mma}
  // CHECK-LABEL: @a10
  // CHECK-SAME: tle.layout = #mma1
  tt.func private @a10() attributes {tle.layout = #mma1}
  // CHECK-LABEL: @a11
  // CHECK-SAME: tle.layout = #mma2
  tt.func private @a11() attributes {tle.layout = #mma2}
  // CHECK-LABEL: @a12
  // CHECK-SAME: tle.layout = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>
  tt.func private @a12() attributes {tle.layout = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>}
  // CHECK-LABEL: @a13
  // CHECK-SAME: tle.layout = #ttg.dot_op<{opIdx = 1, parent = #mma, kWidth = 4}>
  tt.func private @a13() attributes {tle.layout = #ttg.dot_op<{opIdx = 1, parent = #mma, kWidth = 4}>}
  // CHECK-LABEL: @a14
  // CHECK-SAME: tle.layout = #ttg.dot_op<{opIdx = 0, parent = #mma1, kWidth = 2}>
  tt.func private @a14() attributes {tle.layout = #ttg.dot_op<{opIdx = 0, parent = #mma1, kWidth = 2}>}
  // CHECK-LABEL: @a15
  // CHECK-SAME: tle.layout = #ttg.dot_op<{opIdx = 0, parent = #blocked}>
  tt.func private @a15() attributes {tle.layout = #ttg.dot_op<{opIdx = 0, parent = #blocked}>}
  // CHECK-LABEL: @a16
  // CHECK-SAME: tle.layout = #ttg.dot_op<{opIdx = 1, parent = #blocked}>
  tt.func private @a16() attributes {tle.layout = #ttg.dot_op<{opIdx = 1, parent = #blocked}>}
  // CHECK-LABEL: @a17
  // CHECK-SAME: tle.layout = #linear
  tt.func private @a17() attributes {tle.layout = #linear}
  // CHECK-LABEL: @a18
  // CHECK-SAME: tle.layout = #linear1
  tt.func private @a18() attributes {tle.layout = #linear1}
  // CHECK-LABEL: @a19
  // CHECK-SAME: tle.layout = #shared
  tt.func private @a19() attributes {tle.layout = #shared}
  // CHECK-LABEL: @a20
  // CHECK-SAME: tle.layout = #shared1
  tt.func private @a20() attributes {tle.layout = #shared1}
  // CHECK-LABEL: @a21
  // CHECK-SAME: tle.layout = #shared2
  tt.func private @a21() attributes {tle.layout = #shared2}
  // CHECK-LABEL: @a22
  // CHECK-SAME: tle.layout = #shared3
  tt.func private @a22() attributes {tle.layout = #shared3}
  // CHECK-LABEL: @a23
  // CHECK-SAME: tle.layout = #shared4
  tt.func private @a23() attributes {tle.layout = #shared4}
  // CHECK-LABEL: @a24
  // CHECK-SAME: tle.layout = #shared5
  tt.func private @a24() attributes {tle.layout = #shared5}
  // CHECK-LABEL: @a25
  // CHECK-SAME: tle.layout = #shared6
  tt.func private @a25() attributes {tle.layout = #shared6}
  // CHECK-LABEL: @a26
  // CHECK-SAME: tle.layout = #shared7
  tt.func private @a26() attributes {tle.layout = #shared7}
  // CHECK-LABEL: @a27
  // CHECK-SAME: tle.layout = #shared8
  tt.func private @a27() attributes {tle.layout = #shared8}
  // CHECK-LABEL: @a28
  // CHECK-SAME: tle.layout = #shared9
  tt.func private @a28() attributes {tle.layout = #shared9}
  // CHECK-LABEL: @a29
  // CHECK-SAME: tle.layout = #shared10
  tt.func private @a29() attributes {tle.layout = #shared10}
  // CHECK-LABEL: @a30
  // CHECK-SAME: tle.layout = #shared11
  tt.func private @a30() attributes {tle.layout = #shared11}
  // CHECK-LABEL: @a31
  // CHECK-SAME: tle.layout = #shared12
  tt.func private @a31() attributes {tle.layout = #shared12}
  // CHECK-LABEL: @a32
  // CHECK-SAME: tle.layout = #shared13
  tt.func private @a32() attributes {tle.layout = #shared13}
  // CHECK-LABEL: @a33
  // CHECK-SAME: tle.layout = #shared14
  tt.func private @a33() attributes {tle.layout = #shared14}
  // CHECK-LABEL: @a34
  // CHECK-SAME: tle.layout = #shared15
  tt.func private @a34() attributes {tle.layout = #shared15}
  // CHECK-LABEL: @a35
  // CHECK-SAME: tle.layout = #shared16
  tt.func private @a35() attributes {tle.layout = #shared16}
  // CHECK-LABEL: @a36
  // CHECK-SAME: tle.layout = #mma3
  tt.func private @a36() attributes {tle.layout = #mma3}
  // CHECK-LABEL: @a37
  // CHECK-SAME: tle.layout = #mma4
  tt.func private @a37() attributes {tle.layout = #mma4}
  // CHECK-LABEL: @a38
  // CHECK-SAME: tle.layout = #mma5
  tt.func private @a38() attributes {tle.layout = #mma5}
  // CHECK-LABEL: @a39
  // CHECK-SAME: tle.layout = #mma6
  tt.func private @a39() attributes {tle.layout = #mma6}
  // CHECK-LABEL: @a40
  // CHECK-SAME: tle.layout = #mma7
  tt.func private @a40() attributes {tle.layout = #mma7}
  // CHECK-LABEL: @a41
  // CHECK-SAME: tle.layout = #mma8
  tt.func private @a41() attributes {tle.layout = #mma8}
}
