// RUN: tle-opt %s -split-input-file -verify-diagnostics

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func public @wrong_element(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) {
  // expected-error @+1 {{points at 'f16', but the buffer holds 'bf16'}}
  %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<f16, 3>>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func public @global_pointers(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) {
  // expected-error @+1 {{must be pointer or tensor of pointers into shared memory (address space 3)}}
  %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16>>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func public @wrong_shape(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) {
  // expected-error @+1 {{without indices gives one pointer per element of the buffer, shape [64, 64]}}
  %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x32x!tt.ptr<bf16, 3>>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func public @too_few_indices(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, %i: tensor<8xi32>) {
  // expected-error @+1 {{takes no index or one per dimension of the buffer (2), but got 1}}
  %p = "tle.local_pointers"(%buf, %i) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, tensor<8xi32>) -> tensor<8x!tt.ptr<bf16, 3>>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func public @wrong_index(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, %i: tensor<8xi32>, %j: tensor<8xi64>) {
  // expected-error @+1 {{index 1 is 'tensor<8xi64>'; an index of this result must be 'tensor<8xi32>'}}
  %p = "tle.local_pointers"(%buf, %i, %j) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, tensor<8xi32>, tensor<8xi64>) -> tensor<8x!tt.ptr<bf16, 3>>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func public @no_permutation(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) {
  // expected-error @+1 {{needs an order that is a permutation of [0, 1], but got [1, 1]}}
  %v = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 1>} : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  tt.return
}

// -----

#shared = #ttg.swizzled_shared<{vec = 8, perPhase = 1, maxPhase = 8, order = [1, 0]}>
#smem = #ttg.shared_memory
tt.func public @no_wgmma_layout(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) {
  // expected-error @+1 {{needs a tile in an nvmma_shared layout}}
  %v = tle.memdesc_wgmma_view %buf {order = array<i32: 0, 1>} : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16, rank = 3}>
#smem = #ttg.shared_memory
tt.func public @no_matrix(%buf: !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>) {
  // expected-error @+1 {{views a matrix (a WGMMA operand has rank 2), but the source has rank 3}}
  %v = tle.memdesc_wgmma_view %buf {order = array<i32: 0, 1, 2>} : !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable> -> !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
  tt.return
}

// -----

// The allocation's shape turns with the slice.
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func public @alloc_shape(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x512>) {
  // expected-error @+1 {{with order [1, 0] gives '!ttg.memdesc<64x64xbf16}}
  %v = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x512> -> !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, 64x512>
  tt.return
}

// -----

tt.func public @axis(%x: tensor<128xi32>) {
  // expected-error @+1 {{axis 1 is outside [0, 1), the source's dimensions}}
  %e, %t = tle.exclusive_cumsum %x {axis = 1 : i32, reverse = false} : tensor<128xi32> -> tensor<128xi32>, i32
  tt.return
}

// -----

tt.func public @total(%x: tensor<16x128xi32>) {
  // expected-error @+1 {{gives a total of type 'tensor<16xi32>', but it is declared as 'i32'}}
  %e, %t = tle.exclusive_cumsum %x {axis = 1 : i32, reverse = false} : tensor<16x128xi32> -> tensor<16x128xi32>, i32
  tt.return
}

// -----

tt.func public @tile_divides(%x: tensor<64x64xf32>, %i: i32) {
  // expected-error @+1 {{needs a tile size that divides the tensor's, but dimension 1 has a tile of 128 in 64}}
  %t = tle.extract_tile %x[%i, %i] : tensor<64x64xf32> -> tensor<32x128xf32>
  tt.return
}

// -----

tt.func public @tile_index(%x: tensor<64x64xf32>, %i: i32) {
  %c2 = arith.constant 2 : i32
  // expected-error @+1 {{index 2 of dimension 0 is outside [0, 2), its tiles}}
  %t = tle.extract_tile %x[%c2, %i] : tensor<64x64xf32> -> tensor<32x32xf32>
  tt.return
}

// -----

tt.func public @tile_indices(%x: tensor<64x64xf32>, %t: tensor<32x32xf32>, %i: i32) {
  // expected-error @+1 {{takes one index per dimension (2), but got 1}}
  %r = tle.insert_tile %t, %x[%i] : tensor<32x32xf32>, tensor<64x64xf32>
  tt.return
}

// -----

tt.func public @empty_tile(%x: tensor<4xf32>, %i: i32) {
  // expected-error @+1 {{result #0 has 0 elements; the number of elements must be a power of two}}
  %t = tle.extract_tile %x[%i] : tensor<4xf32> -> tensor<0xf32>
  tt.return
}

// -----

tt.func public @tile_of_unknown_size(%x: tensor<?xf32>, %i: i32) {
  // expected-error @+1 {{operand #0 must have a static shape}}
  %t = tle.extract_tile %x[%i] : tensor<?xf32> -> tensor<?xf32>
  tt.return
}

// -----

tt.func public @tile_element(%x: tensor<64x64xindex>, %t: tensor<32x32xindex>, %i: i32) {
  // expected-error @+1 {{cuts tiles of integers, floats or pointers, but the tensor holds 'index'}}
  %r = tle.insert_tile %t, %x[%i, %i] : tensor<32x32xindex>, tensor<64x64xindex>
  tt.return
}

// -----

#v = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
tt.func public @tile_layout(%x: tensor<64x64xf32, #v>, %i: i32) {
  // expected-error @+1 {{Layout has rank 1, but the tensor it's attached to has rank 2}}
  %t = tle.extract_tile %x[%i, %i] : tensor<64x64xf32, #v> -> tensor<32x32xf32, #v>
  tt.return
}

// -----

#v = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
tt.func public @cumsum_layout(%x: tensor<64x64xf32, #v>) {
  // expected-error @+1 {{Layout has rank 1, but the tensor it's attached to has rank 2}}
  %e, %t = tle.exclusive_cumsum %x {axis = 1 : i32, reverse = false} : tensor<64x64xf32, #v> -> tensor<64x64xf32, #v>, tensor<64xf32>
  tt.return
}

// -----

#v = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func public @pointers_layout(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) {
  // expected-error @+1 {{Layout has rank 1, but the tensor it's attached to has rank 2}}
  %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>, #v>
  tt.return
}
