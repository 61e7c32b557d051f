// RUN: tle-opt %s -split-input-file -verify-diagnostics -convert-triton-to-tritongpu='target=cuda:90 num-warps=4'

// A layout that is there meets one that is chosen.
#mine = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
tt.func public @clash(%p: tensor<64x!tt.ptr<f32>, #mine>) -> tensor<64xf32, #mine> {
  %v = tt.load %p : tensor<64x!tt.ptr<f32>, #mine>
  tt.return %v : tensor<64xf32, #mine>
}

// -----

#mine = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
tt.func public @clash(%x: f32, %y: tensor<64xf32, #mine>) {
  // expected-error @+1 {{requires the same encoding for all of its tensors}}
  %0 = tt.elementwise_inline_asm "" {constraints = "=r,r", packed_element = 1 : i32, pure = true} %y : tensor<64xf32, #mine> -> tensor<64xf32>
  tt.return
}

// -----

tt.func public @rank_0(%x: tensor<f32>) {
  // expected-error @+1 {{source of rank 0 has no layout to start from}}
  %0 = tt.expand_dims %x {axis = 0 : i32} : tensor<f32> -> tensor<1xf32>
  tt.return
}

// -----

// No op of Triton's has these values, so no verifier of its has seen them.
// expected-error @+1 {{sizes of tensors must be powers of two, got 'tensor<32x31x!tt.ptr<bf16, 3>>'}}
tt.func private @declared(tensor<32xi32>) -> tensor<32x31x!tt.ptr<bf16, 3>> attributes {noinline = true}

// -----

tt.func public @constant() {
  // expected-error @+1 {{sizes of tensors must be powers of two, got 'tensor<31xf32>'}}
  %0 = arith.constant dense<0.0> : tensor<31xf32>
  tt.return
}

// -----

// expected-error @+1 {{sizes of tensors must be powers of two, got 'tensor<?x32xf32>'}}
tt.func public @dynamic(%x: tensor<?x32xf32>, %p: !tt.ptr<tensor<0xf32>>) {
  tt.return
}
