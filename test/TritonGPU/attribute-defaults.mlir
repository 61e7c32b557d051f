// RUN: tle-opt %s | FileCheck %s

// Names come in any order; what equals its default is not printed.

// CHECK: #[[BLOCKED:.*]] = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#b = #ttg.blocked<{order = [1, 0], CGALayout = [], warpsPerCTA = [4, 1], threadsPerWarp = [4, 8], sizePerThread = [1, 4]}>
// CHECK: #ttg.linear<{register = {{\[\[}}0, 1]], lane = {{\[\[}}0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [], block = []}>
#l = #ttg.linear<{block = [], warp = [], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], register = [[0, 1]]}>
// CHECK: #ttg.amd_mfma<{version = 3, warpsPerCTA = [2, 2], instrShape = [32, 32, 8], isTransposed = true}>
#f = #ttg.amd_mfma<{version = 3, warpsPerCTA = [2, 2], instrShape = [32, 32, 8], isTransposed = true, tilesPerWarp = [1, 1], elementBitWidth = 32}>
// CHECK: #ttg.amd_wmma<{version = 1, isTranspose = false, warpsPerCTA = [2, 2]}>
#w = #ttg.amd_wmma<{version = 1, isTranspose = false, warpsPerCTA = [2, 2], tilesPerWarp = [1, 1], instrShape = [16, 16, 16]}>
// CHECK: #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#n = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16, fp4Padded = false, rank = 2}>
// CHECK: #ttg.padded_shared<[32:+4] {order = [1, 0], shape = [4, 4]}>
#p = #ttg.padded_shared<[32:+4] {offset = [[0, 1], [0, 2], [1, 0], [2, 0]], block = []}>
// CHECK: #ttg.amd_rotating_shared<{vec = 8, perPhase = 2, maxPhase = 4, order = [1, 0]}>
#r = #ttg.amd_rotating_shared<{vec = 8, perPhase = 2, maxPhase = 4, order = [1, 0]}>

// CHECK-LABEL: @f
// CHECK-SAME: f = !ttg.async.token, g = #ttg.dot_op<{opIdx = 0, parent = #[[BLOCKED]]}>
tt.func private @f() attributes {a = #b, b = #l, c = #f, d = #w, e = #n, e1 = #p, e2 = #r, f = !ttg.async.token,
                                 g = #ttg.dot_op<{kWidth = 0, parent = #b, opIdx = 0}>}
