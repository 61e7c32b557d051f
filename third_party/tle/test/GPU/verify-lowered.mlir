// RUN: tle-opt %s -allow-unregistered-dialect -split-input-file -triton-tle-verify-lowered -verify-diagnostics

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module {
  tt.func public @left_over(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) {
    // expected-error @+1 {{cannot compile this use of tle.local_pointers: no lowering applies to it}}
    %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>>
    // expected-error @+1 {{cannot compile this access through a local pointer}}
    %v = tt.load %p : tensor<64x64x!tt.ptr<bf16, 3>>
    // expected-error @+1 {{cannot compile this use of tle.wgmma_shared_operand_fence}}
    tle.wgmma_shared_operand_fence all
    tt.return
  }
}

// -----

module {
  // expected-error @+1 {{TLE op "local_pointers" was never raised}}
  tt.func private @tle.x(i32) -> i32 attributes {noinline = true, tle.op = "local_pointers"}
}

// -----

module {
  tt.func public @clean(%p: tensor<64x!tt.ptr<f32>>) {
    %v = tt.load %p : tensor<64x!tt.ptr<f32>>
    "unknown.op"(%v) : (tensor<64xf32>) -> ()
    tt.return
  }
}
