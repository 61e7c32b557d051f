// RUN: tle-opt %s -split-input-file -triton-tle-raise-frontend -verify-diagnostics | FileCheck %s

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module {
  // CHECK-LABEL: tt.func public @kernel
  tt.func public @kernel(%n: i32) {
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    // CHECK: %[[P:.*]] = "tle.local_pointers"(%{{.*}}) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>>
    %p = tt.call @tle.local_pointers.0(%buf) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>>
    // CHECK: scf.for
    scf.for %i = %n to %n step %n : i32 {
      // CHECK: tt.load %[[P]]
      %v = tt.load %p : tensor<64x64x!tt.ptr<bf16, 3>>
      // The same declaration serves several calls.
      // CHECK: "tle.local_pointers"
      %q = tt.call @tle.local_pointers.0(%buf) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>>
      tt.store %q, %v : tensor<64x64x!tt.ptr<bf16, 3>>
    }
    // CHECK: %[[V:.*]] = tle.memdesc_wgmma_view %{{.*}} {order = array<i32: 1, 0>}
    %v = tt.call @tle.view(%buf) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable>
    // CHECK: tle.wgmma_shared_operand_fence %[[V]]
    tt.call @tle.fence(%v) : (!ttg.memdesc<64x64xbf16, #shared1, #smem, mutable>) -> ()
    tt.return
  }
  // CHECK-NOT: tt.func private
  tt.func private @tle.local_pointers.0(!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>> attributes {noinline = true, tle.op = "local_pointers"}
  tt.func private @tle.view(!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable> attributes {noinline = true, tle.op = "memdesc_wgmma_view", tle.attrs = "{order = array<i32: 1, 0>}"}
  tt.func private @tle.fence(!ttg.memdesc<64x64xbf16, #shared1, #smem, mutable>) attributes {noinline = true, tle.op = "wgmma_shared_operand_fence"}
  tt.func private @tle.unused(i32) -> i32 attributes {noinline = true, tle.op = "local_pointers"}
}

// -----

module {
  tt.func public @unknown(%n: i32) {
    // expected-error @+1 {{unknown TLE op 'local_pointer'}}
    %p = tt.call @tle.x(%n) : (i32) -> i32
    tt.return
  }
  tt.func private @tle.x(i32) -> i32 attributes {noinline = true, tle.op = "local_pointer"}
}

// -----

module {
  tt.func public @operands(%n: i32) {
    // expected-error @+1 {{'tle.local_pointers' op operand #0 must be memory descriptor, but got 'i32'}}
    %p = tt.call @tle.x(%n) : (i32) -> tensor<8x!tt.ptr<f32, 3>>
    tt.return
  }
  tt.func private @tle.x(i32) -> tensor<8x!tt.ptr<f32, 3>> attributes {noinline = true, tle.op = "local_pointers"}
}

// -----

module {
  tt.func public @results(%x: tensor<8xi32>) {
    // expected-error @+1 {{'tle.exclusive_cumsum' op expected 2 results}}
    %p = tt.call @tle.x(%x) : (tensor<8xi32>) -> tensor<8xi32>
    tt.return
  }
  tt.func private @tle.x(tensor<8xi32>) -> tensor<8xi32> attributes {noinline = true, tle.op = "exclusive_cumsum", tle.attrs = "{axis = 0 : i32, reverse = false}"}
}

// -----

module {
  tt.func public @missing_attribute(%x: tensor<8xi32>) {
    // expected-error @+1 {{'axis'}}
    %p:2 = tt.call @tle.x(%x) : (tensor<8xi32>) -> (tensor<8xi32>, i32)
    tt.return
  }
  tt.func private @tle.x(tensor<8xi32>) -> (tensor<8xi32>, i32) attributes {noinline = true, tle.op = "exclusive_cumsum"}
}

// -----

module {
  tt.func public @wrong_attribute(%x: tensor<8xi32>) {
    // expected-error @+1 {{TLE op 'exclusive_cumsum': }}
    %p:2 = tt.call @tle.x(%x) : (tensor<8xi32>) -> (tensor<8xi32>, i32)
    tt.return
  }
  tt.func private @tle.x(tensor<8xi32>) -> (tensor<8xi32>, i32) attributes {noinline = true, tle.op = "exclusive_cumsum", tle.attrs = "{axis = \22first\22, reverse = false}"}
}

// -----

module {
  tt.func public @no_dictionary(%x: tensor<8xi32>) {
    // expected-error @+1 {{TLE op 'exclusive_cumsum': tle.attrs must spell a dictionary of attributes, but is "axis"}}
    %p:2 = tt.call @tle.x(%x) : (tensor<8xi32>) -> (tensor<8xi32>, i32)
    tt.return
  }
  tt.func private @tle.x(tensor<8xi32>) -> (tensor<8xi32>, i32) attributes {noinline = true, tle.op = "exclusive_cumsum", tle.attrs = "axis"}
}

// -----

module {
  // expected-error @+1 {{stands for a TLE op, so it must have no body}}
  tt.func private @tle.x(%x: tensor<8xi32>) -> tensor<8xi32> attributes {noinline = true, tle.op = "exclusive_cumsum"} {
    tt.return %x : tensor<8xi32>
  }
}

// -----

module {
  tt.func private @tle.fence() attributes {noinline = true, tle.op = "wgmma_shared_operand_fence"}
  // CHECK-LABEL: @named_twice
  // CHECK-NEXT: tle.wgmma_shared_operand_fence all
  // CHECK-NEXT: tt.return
  tt.func public @named_twice() {
    tt.call @tle.fence() {again = @tle.fence} : () -> ()
    tt.return
  }
}
