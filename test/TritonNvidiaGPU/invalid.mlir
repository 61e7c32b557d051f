// RUN: tle-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{blockM is 96, must be 64 or 128}}
module attributes {tt.a = #ttng.tensor_memory_encoding<blockM = 96, blockN = 128, colStride = 1>} {}

// -----

// expected-error @+1 {{blockN is 100, must be a power of two of at most 512}}
module attributes {tt.a = #ttng.tensor_memory_encoding<blockM = 64, blockN = 100, colStride = 1>} {}

// -----

// expected-error @+1 {{blockN is 1024, must be a power of two of at most 512}}
module attributes {tt.a = #ttng.tensor_memory_encoding<blockM = 64, blockN = 1024, colStride = 1>} {}

// -----

// expected-error @+1 {{colStride is 3, must be 1, 2 or 4}}
module attributes {tt.a = #ttng.tensor_memory_encoding<blockM = 64, blockN = 128, colStride = 3>} {}

// -----

// expected-error @+1 {{CTASplitM is 3, must be a power of two}}
module attributes {tt.a = #ttng.tensor_memory_encoding<blockM = 64, blockN = 128, colStride = 1, CTASplitM = 3>} {}

// -----

// expected-error @+1 {{CTASplitN is 0, must be a power of two}}
module attributes {tt.a = #ttng.tensor_memory_scales_encoding<CTASplitN = 0>} {}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func @barrier_type(%buf: !ttg.memdesc<64x64xf16, #shared, #smem, mutable>) {
  // expected-error @+1 {{operand alloc has type '!ttg.memdesc<64x64xf16, #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>, #ttg.shared_memory, mutable>', an mbarrier is a memdesc of 1xi64}}
  ttng.init_barrier %buf, 1 : !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
  tt.return
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
tt.func @barrier_rank(%bars: !ttg.memdesc<2xi64, #bar, #smem, mutable>, %phase: i32) {
  // expected-error @+1 {{an mbarrier is a memdesc of 1xi64}}
  ttng.wait_barrier %bars, %phase : !ttg.memdesc<2xi64, #bar, #smem, mutable>
  tt.return
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
tt.func @arrive_count(%bar: !ttg.memdesc<1xi64, #bar, #smem, mutable>) {
  // expected-error @+1 {{count is 0, must be at least 1}}
  ttng.arrive_barrier %bar, 0 : !ttg.memdesc<1xi64, #bar, #smem, mutable>
  tt.return
}

// -----

#mma = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func @wgmma_result(%a: !ttg.memdesc<64x64xf16, #shared, #smem>, %c: tensor<64x64xf32, #mma>) {
  // expected-error @+1 {{WGMMA gives #ttg.nvidia_mma of version 3}}
  %0 = ttng.warp_group_dot %a, %a, %c : !ttg.memdesc<64x64xf16, #shared, #smem> * !ttg.memdesc<64x64xf16, #shared, #smem> -> tensor<64x64xf32, #mma>
  tt.return
}

// -----

#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func @wgmma_registers(%a: tensor<64x64xf16, #mma>, %b: !ttg.memdesc<64x64xf16, #shared, #smem>, %c: tensor<64x64xf32, #mma>) {
  // expected-error-re @+1 {{operand a in registers has layout #ttg.nvidia_mma<{{.*}}>, must have #ttg.dot_op}}
  %0 = ttng.warp_group_dot %a, %b, %c : tensor<64x64xf16, #mma> * !ttg.memdesc<64x64xf16, #shared, #smem> -> tensor<64x64xf32, #mma>
  tt.return
}

// -----

#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.swizzled_shared<{vec = 8, perPhase = 1, maxPhase = 8, order = [1, 0]}>
#smem = #ttg.shared_memory
tt.func @wgmma_layout(%b: !ttg.memdesc<64x64xf16, #shared, #smem>, %c: tensor<64x64xf32, #mma>) {
  // expected-error-re @+1 {{operand a in shared memory has layout #ttg.swizzled_shared<{{.*}}>, must have #ttg.nvmma_shared}}
  %0 = ttng.warp_group_dot %b, %b, %c : !ttg.memdesc<64x64xf16, #shared, #smem> * !ttg.memdesc<64x64xf16, #shared, #smem> -> tensor<64x64xf32, #mma>
  tt.return
}

// -----

#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func @wgmma_reduction(%a: !ttg.memdesc<64x32xf16, #shared, #smem>, %b: !ttg.memdesc<64x64xf16, #shared, #smem>, %c: tensor<64x64xf32, #mma>) {
  // expected-error @+1 {{last dimension of the first operand must equal the second to last of the second}}
  %0 = ttng.warp_group_dot %a, %b, %c : !ttg.memdesc<64x32xf16, #shared, #smem> * !ttg.memdesc<64x64xf16, #shared, #smem> -> tensor<64x64xf32, #mma>
  tt.return
}

// -----

tt.func @wait_for_nothing() {
  // expected-error @+1 {{waits for nothing: it needs at least one input}}
  "ttng.warp_group_dot_wait"() {pendings = 1 : i32} : () -> ()
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
tt.func @coordinates(%desc: !tt.tensordesc<tensor<64x64xf16, #shared>>, %buf: !ttg.memdesc<64x64xf16, #shared, #smem, mutable>, %bar: !ttg.memdesc<1xi64, #bar, #smem, mutable>, %pred: i1) {
  // expected-error @+1 {{has 0 coordinates, a bulk tensor copy takes 1 to 5}}
  ttng.async_tma_copy_global_to_local %desc[] %buf, %bar, %pred : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#swizzled = #ttg.swizzled_shared<{vec = 8, perPhase = 1, maxPhase = 8, order = [1, 0]}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
tt.func @tma_layout(%desc: !tt.tensordesc<tensor<64x64xf16, #shared>>, %buf: !ttg.memdesc<64x64xf16, #swizzled, #smem, mutable>, %bar: !ttg.memdesc<1xi64, #bar, #smem, mutable>, %x: i32, %pred: i1) {
  // expected-error-re @+1 {{operand result has layout #ttg.swizzled_shared<{{.*}}>, a bulk tensor copy needs #ttg.nvmma_shared}}
  ttng.async_tma_copy_global_to_local %desc[%x, %x] %buf, %bar, %pred : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<64x64xf16, #swizzled, #smem, mutable>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
tt.func @tma_constant(%desc: !tt.tensordesc<tensor<64x64xf16, #shared>>, %buf: !ttg.memdesc<64x64xf16, #shared, #smem>, %bar: !ttg.memdesc<1xi64, #bar, #smem, mutable>, %x: i32, %pred: i1) {
  // expected-error @+1 {{operand result must be mutable: the copy writes it}}
  ttng.async_tma_copy_global_to_local %desc[%x, %x] %buf, %bar, %pred : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<64x64xf16, #shared, #smem>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [32, 1], warpsPerCTA = [1, 4], order = [1, 0]}>
#rows = #ttg.slice<{dim = 0, parent = #blocked}>
#smem = #ttg.shared_memory
tt.func @scatter_rows(%desc: !tt.tensordesc<tensor<1x64xf16, #shared>>, %rows: tensor<32xi32, #rows>, %y: i32, %buf: !ttg.memdesc<64x64xf16, #shared, #smem, mutable>) {
  // expected-error @+1 {{x_offsets has 32 elements, operand src 64 rows}}
  ttng.async_tma_scatter %desc[%rows, %y] %buf : !tt.tensordesc<tensor<1x64xf16, #shared>>, tensor<32xi32, #rows>, i32, !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
  tt.return
}

// -----

tt.func @descriptor_rank(%ws: !tt.ptr<i8>, %base: !tt.ptr<f16>, %n: i32, %s: i64) {
  // expected-error @+1 {{global_stride has 2 entries, must have 1: the innermost stride is one element}}
  ttng.tensormap_create %ws, %base, [%n, %n], [%n, %n], [%s, %s], [%n, %n] {elem_type = 6 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 3 : i32} : (!tt.ptr<i8>, !tt.ptr<f16>, i32, i32, i32, i32, i64, i64, i32, i32) -> ()
  tt.return
}

// -----

tt.func @descriptor_swizzle(%ws: !tt.ptr<i8>, %base: !tt.ptr<f16>, %n: i32) {
  // expected-error @+1 {{attribute 'swizzle_mode' failed to satisfy constraint}}
  ttng.tensormap_create %ws, %base, [%n], [%n], [], [%n] {elem_type = 6 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 4 : i32} : (!tt.ptr<i8>, !tt.ptr<f16>, i32, i32, i32) -> ()
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#tmem = #ttng.tensor_memory_encoding<blockM = 128, blockN = 128, colStride = 1>
#smem = #ttg.shared_memory
tt.func @synchronous_barrier(%a: !ttg.memdesc<128x128xf16, #shared, #smem>, %d: !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, %bar: !ttg.memdesc<1xi64, #bar, #smem, mutable>, %p: i1) {
  // expected-error @+1 {{has barriers, but is not is_async: a synchronous product is done when the op is}}
  ttng.tc_gen5_mma %a, %a, %d, %p, %p, %bar[%p] : !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, !ttg.memdesc<1xi64, #bar, #smem, mutable>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
tt.func @accumulator_memory(%a: !ttg.memdesc<128x128xf16, #shared, #smem>, %p: i1) {
  // expected-error-re @+1 {{operand d has type {{.*}}, must lie in #ttng.tensor_memory}}
  ttng.tc_gen5_mma %a, %a, %a, %p, %p : !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf16, #shared, #smem>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#tmem = #ttng.tensor_memory_encoding<blockM = 128, blockN = 128, colStride = 1>
#smem = #ttg.shared_memory
tt.func @two_ctas(%a: !ttg.memdesc<128x128xf16, #shared, #smem>, %d: !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, %p: i1) {
  // expected-error @+1 {{is two_ctas, so operand d must have a layout with twoCTAs}}
  ttng.tc_gen5_mma %a, %a, %d, %p, %p {two_ctas} : !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>
  tt.return
}

// -----

#tmem = #ttng.tensor_memory_encoding<blockM = 128, blockN = 64, colStride = 1>
tt.func @uninitialized_constant() {
  // expected-error @+1 {{result without initial values must be mutable}}
  %0 = ttng.tmem_alloc : () -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory>
  tt.return
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 32}>
#smem = #ttg.shared_memory
tt.func @alloc_memory() {
  // expected-error-re @+1 {{result has type {{.*}}, must lie in #ttng.tensor_memory}}
  %0 = ttng.tmem_alloc : () -> !ttg.memdesc<128x64xf32, #shared, #smem, mutable>
  tt.return
}

// -----

#linear = #ttg.linear<{register = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32]], lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0], [64, 0]], block = []}>
#tmem = #ttng.tensor_memory_encoding<blockM = 128, blockN = 64, colStride = 1>
tt.func @load_element(%b: !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>) {
  // expected-error-re @+1 {{result has type 'tensor<128x64xf16, {{.*}}>', must have shape and element type of operand src}}
  %0 = ttng.tmem_load %b : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable> -> tensor<128x64xf16, #linear>
  tt.return
}

// -----

#linear = #ttg.linear<{register = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32]], lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0], [64, 0]], block = []}>
#tmem = #ttng.tensor_memory_encoding<blockM = 128, blockN = 64, colStride = 1>
tt.func @store_constant(%v: tensor<128x64xf32, #linear>, %p: i1) {
  %b = ttng.tmem_alloc %v : (tensor<128x64xf32, #linear>) -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory>
  // expected-error @+1 {{operand dst must be mutable: the op writes it}}
  ttng.tmem_store %v, %b, %p : tensor<128x64xf32, #linear> -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory>
  tt.return
}

// -----

#tmem = #ttng.tensor_memory_encoding<blockM = 128, blockN = 64, colStride = 1>
#half = #ttng.tensor_memory_encoding<blockM = 128, blockN = 32, colStride = 1>
tt.func @slice_bounds(%b: !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>) {
  // expected-error @+1 {{columns 48 to 79 do not lie in the 64 columns of the source}}
  %0 = ttng.tmem_subslice %b {N = 48 : i32} : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable> -> !ttg.memdesc<128x32xf32, #half, #ttng.tensor_memory, mutable, 128x64>
  tt.return
}

// -----

tt.func @unknown_op() {
  // expected-error @+1 {{custom op 'ttng.fence_mbarrier_init_release_cluster' is unknown}}
  ttng.fence_mbarrier_init_release_cluster
  tt.return
}
