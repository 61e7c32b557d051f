// RUN: tle-opt %s -split-input-file -triton-tle-lower-buffer-choices -verify-diagnostics

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = false, elementBitWidth = 8}>
#turned = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = true, elementBitWidth = 8}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<32x16xi8, #shared, #smem, mutable>
!view = !ttg.memdesc<16x32xi8, #turned, #smem, mutable>

module attributes {"ttg.num-warps" = 4 : i32} {
  // expected-note @+1 {{it is made here}}
  tt.func public @choice(%c: i1, %a: !buffer, %b: !view) {
    %v = ttg.memdesc_trans %a {order = array<i32: 1, 0>} : !buffer -> !view
    // expected-error @+1 {{is no transposed view here and one where it comes from elsewhere: without a swizzle the two lie differently in shared memory}}
    %x = arith.select %c, %v, %b : !view
    tt.return
  }
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = false, elementBitWidth = 8}>
#turned = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = true, elementBitWidth = 8}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<32x16xi8, #shared, #smem, mutable>
!view = !ttg.memdesc<16x32xi8, #turned, #smem, mutable>

module attributes {"ttg.num-warps" = 4 : i32} {
  tt.func public @calls(%a: !buffer, %b: !view) {
    // expected-note @+1 {{it is made here}}
    %v = ttg.memdesc_trans %a {order = array<i32: 1, 0>} : !buffer -> !view
    tt.call @f(%b) : (!view) -> ()
    // expected-error @+1 {{is a transposed view here and none where it comes from elsewhere}}
    tt.call @f(%v) : (!view) -> ()
    tt.return
  }
  tt.func private @f(%v: !view) attributes {noinline = true} {
    tt.return
  }
}
