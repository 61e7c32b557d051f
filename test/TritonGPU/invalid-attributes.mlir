// RUN: tle-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{expected a value for 'block'}}
tt.func private @f() attributes {a = #ttg.linear<{register=[[0,1]], lane=[[1,0],[2,0],[4,0],[8,0],[16,0]], warp=[]}>}

// -----

// expected-error @+1 {{a basis of register moves along 2 dimensions, at most one is allowed}}
tt.func private @f() attributes {a = #ttg.linear<{register=[[1,1]], lane=[[1,0],[2,0],[4,0],[8,0],[16,0]], warp=[], block=[]}>}

// -----

// expected-error @+1 {{the bases that are not zero must reach every element once}}
tt.func private @f() attributes {a = #ttg.linear<{register=[[0,1], [0,1]], lane=[], warp=[], block=[]}>}

// -----

// expected-error @+1 {{expected 'register' to be a list of bases of one length, such as [[0, 1], [1, 0]]}}
tt.func private @f() attributes {a = #ttg.linear<{register=[[0,1], [1]], lane=[], warp=[], block=[]}>}

// -----

// expected-error @+1 {{sizePerThread must hold powers of two, got 3}}
tt.func private @f() attributes {a = #ttg.blocked<{sizePerThread = [1, 3], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>}

// -----

// expected-error @+1 {{order must be a permutation of 0..(rank-1), but was [1, 1]}}
tt.func private @f() attributes {a = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 1]}>}

// -----

// expected-error @+1 {{sizePerThread, threadsPerWarp, warpsPerCTA, and order must all have the same rank}}
tt.func private @f() attributes {a = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>}

// -----

// expected-error @+1 {{unexpected field 'foo'}}
tt.func private @f() attributes {a = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0], foo=1}>}

// -----

// expected-error @+1 {{expected a value for 'order'}}
tt.func private @f() attributes {a = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1]}>}

// -----

// expected-error @+1 {{expected 'sizePerThread' to hold non-negative integers only}}
tt.func private @f() attributes {a = #ttg.blocked<{sizePerThread = [1, -4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>}

// -----

// expected-error @+1 {{expected 'sizePerThread' to be a list of integers}}
tt.func private @f() attributes {a = #ttg.blocked<{sizePerThread = 1, threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>}

// -----

// expected-error @+1 {{expected 'CGALayout' to reach every part of the tensor}}
tt.func private @f() attributes {a = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0], CGALayout=[[1,1]]}>}

// -----

// expected-error @+1 {{expected 'CGALayout' to be a list of bases with one coordinate for each of 2 dimensions}}
tt.func private @f() attributes {a = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0], CGALayout=[[1]]}>}

// -----

// expected-error @+1 {{slice dim=3 must be less than the parent rank=2}}
tt.func private @f() attributes {a = #ttg.slice<{dim=3, parent=#ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>}>}

// -----

// expected-error @+1 {{expected 'parent' to be a distributed layout}}
tt.func private @f() attributes {a = #ttg.slice<{dim=0, parent=#ttg.shared_memory}>}

// -----

// expected-error @+1 {{parent layout must have at least rank >= 2}}
tt.func private @f() attributes {a = #ttg.slice<{dim=0, parent=#ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>}>}

// -----

// expected-error @+1 {{versionMajor of}}
tt.func private @f() attributes {a = #ttg.nvidia_mma<{versionMajor = 5, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>}

// -----

// expected-error @+1 {{instrShape of}}
tt.func private @f() attributes {a = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>}

// -----

// expected-error @+1 {{ttg.dot_op opIdx parameter can be 0 or 1, got: 2}}
tt.func private @f() attributes {a = #ttg.dot_op<{opIdx = 2, parent = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>, kWidth = 2}>}

// -----

// expected-error @+1 {{ttg.dot_op kWidth parameter is mandatory for Ampere or Hopper MMA parent}}
tt.func private @f() attributes {a = #ttg.dot_op<{opIdx = 0, parent = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>}>}

// -----

// expected-error @+1 {{ttg.dot_op opIdx parameter must be 0 for Hopper MMA parent, since Hopper WGMMA only allows first operand to be in registers}}
tt.func private @f() attributes {a = #ttg.dot_op<{opIdx = 1, parent = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8, 16]}>, kWidth = 2}>}

// -----

// expected-error @+1 {{ttg.dot_op kWidth parameter is not supported when the parent is a blocked layout}}
tt.func private @f() attributes {a = #ttg.dot_op<{opIdx=0, kWidth=2, parent=#ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>}>}

// -----

// expected-error @+1 {{swizzlingByteWidth must be 0, 32, 64 or 128, got 100}}
tt.func private @f() attributes {a = #ttg.nvmma_shared<{swizzlingByteWidth = 100, transposed = false, elementBitWidth = 16}>}

// -----

// expected-error @+1 {{expected 'transposed' to be true or false}}
tt.func private @f() attributes {a = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = 1, elementBitWidth = 16}>}

// -----

// expected-error @+1 {{elementBitWidth must be 8, 16, 32 or 64, got 4}}
tt.func private @f() attributes {a = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 4}>}

// -----

// expected-error @+1 {{expected 'rank' to be 1 to 5, as TMA has it, got 9}}
tt.func private @f() attributes {a = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16, rank = 9}>}

// -----

// expected-error @+1 {{vec, perPhase and maxPhase must be positive, got 4, 0, 4}}
tt.func private @f() attributes {a = #ttg.swizzled_shared<{vec = 4, perPhase = 0, maxPhase = 4, order = [1, 0]}>}

// -----

// expected-error @+1 {{order must be a permutation of 0..(rank-1), but was [1, 1]}}
tt.func private @f() attributes {a = #ttg.swizzled_shared<{vec = 4, perPhase = 1, maxPhase = 4, order = [1, 1]}>}

// -----

// expected-error @+1 {{the bases must reach every element}}
tt.func private @f() attributes {a = #ttg.shared_linear<{offset = [[0, 1], [0, 4]]}, alignment=4>}

// -----

// expected-error @+1 {{the bases that are not zero must reach every element once}}
tt.func private @f() attributes {a = #ttg.shared_linear<{offset = [[0, 1], [0, 1]]}, alignment=4>}

// -----

// expected-error @+1 {{alignment must be a power of two, got 3}}
tt.func private @f() attributes {a = #ttg.shared_linear<{offset = [[0, 1], [1, 0]]}, alignment=3>}

// -----

// expected-error @+1 {{interval values must all be power of two}}
tt.func private @f() attributes {a = #ttg.padded_shared<[30:+4] {order = [1, 0], shape = [4, 4]}>}

// -----

// expected-error @+1 {{padding values must all be power of two}}
tt.func private @f() attributes {a = #ttg.padded_shared<[32:+3] {order = [1, 0], shape = [4, 4]}>}

// -----

// expected-error @+1 {{interval values cannot have duplicates, got 32 twice}}
tt.func private @f() attributes {a = #ttg.padded_shared<[32:+4,32:+4] {order = [1, 0], shape = [4, 4]}>}

// -----

// expected-error @+1 {{expected 'shape' to hold powers of two}}
tt.func private @f() attributes {a = #ttg.padded_shared<[4:+2] {order = [1, 0], shape=[3,4]}>}

// -----

// expected-error @+1 {{expected 'order' to be a permutation of the dimensions of 'shape'}}
tt.func private @f() attributes {a = #ttg.padded_shared<[4:+2] {order = [1, 1], shape=[4,4]}>}

// -----

// expected-error @+1 {{a basis of offset must move along one dimension at most}}
tt.func private @f() attributes {a = #ttg.padded_shared<[4:+2] {offset = [[0, 1], [1, 1]], block = []}>}

// -----

// expected-error @+1 {{the bases must reach every element once}}
tt.func private @f() attributes {a = #ttg.padded_shared<[4:+2] {offset = [[0, 1], [0, 1]], block = []}>}

// -----

// expected-error @+1 {{major version must be in the [0, 4] range}}
tt.func private @f() attributes {a = #ttg.amd_mfma<{version = 9, warpsPerCTA = [2, 2], instrShape = [32, 32, 8], isTransposed = true}>}

// -----

// expected-error @+1 {{WMMA version must be in the [1, 3] range}}
tt.func private @f() attributes {a = #ttg.amd_wmma<{version = 4, isTranspose = false, warpsPerCTA = [2, 2]}>}

// -----

// expected-error @+1 {{unknown attribute `unknown_layout` in dialect `ttg`}}
tt.func private @f() attributes {a = #ttg.unknown_layout<{}>}

// -----

// expected-error @+1 {{shape must have power-of-2 and non-zero dimensions; got 64, 60}}
tt.func private @f() attributes {a = !ttg.memdesc<64x60xf16, #ttg.swizzled_shared<{vec = 4, perPhase = 2, maxPhase = 4, order = [1, 0]}>, #ttg.shared_memory>}

// -----

// expected-error @+1 {{shape must be less than or equal to allocShape. shape = 64, 64, allocShape = 32, 32}}
tt.func private @f() attributes {a = !ttg.memdesc<64x64xf16, #ttg.swizzled_shared<{vec = 4, perPhase = 2, maxPhase = 4, order = [1, 0]}>, #ttg.shared_memory, 32x32>}

// -----

// expected-error @+1 {{alloc shape must have at least as many dimensions as shape}}
tt.func private @f() attributes {a = !ttg.memdesc<64x64xf16, #ttg.swizzled_shared<{vec = 4, perPhase = 2, maxPhase = 4, order = [1, 0]}>, #ttg.shared_memory, mutable, 64>}

// -----

// expected-error @+1 {{rank must be equal to or one less than the shape size. Got 2 and 1}}
tt.func private @f() attributes {a = !ttg.memdesc<64xf16, #ttg.swizzled_shared<{vec = 4, perPhase = 2, maxPhase = 4, order = [1, 0]}>, #ttg.shared_memory>}

// -----

// expected-error @+1 {{rank must be equal to or one less than the shape size. Got 2 and 4}}
tt.func private @f() attributes {a = !ttg.memdesc<2x2x64x64xf16, #ttg.swizzled_shared<{vec = 4, perPhase = 2, maxPhase = 4, order = [1, 0]}>, #ttg.shared_memory>}

// -----

// expected-error @+1 {{memorySpace must be SharedMemorySpace for shared encoding. Got 3 : i64}}
tt.func private @f() attributes {a = !ttg.memdesc<64x64xf16, #ttg.swizzled_shared<{vec = 4, perPhase = 2, maxPhase = 4, order = [1, 0]}>, 3>}

// -----

// expected-error @+1 {{expected ','}}
tt.func private @f() attributes {a = !ttg.memdesc<64x64xf16, #ttg.swizzled_shared<{vec = 4, perPhase = 2, maxPhase = 4, order = [1, 0]}>>}

// -----

// expected-error @+1 {{elements of a memdesc must be integers, floats or pointers, got 'index'}}
tt.func private @f() attributes {a = !ttg.memdesc<64x64xindex, #ttg.swizzled_shared<{vec = 4, perPhase = 2, maxPhase = 4, order = [1, 0]}>, #ttg.shared_memory>}

// -----

// expected-error @+1 {{is not a valid encoding}}
tt.func private @f() attributes {a = !ttg.memdesc<64x64xf16, #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>, #ttg.shared_memory>}

// -----

// expected-error @+1 {{Mismatch in expected shape for dimension 0. Expected: 16, got: 4}}
tt.func private @f() attributes {a = !ttg.memdesc<16x16xf16, #ttg.padded_shared<[32:+4] {order = [1, 0], shape = [4, 4]}>, #ttg.shared_memory>}
