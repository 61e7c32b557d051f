// RUN: tle-opt %s -triton-tle-select-staged-load-layout | FileCheck %s
// RUN: tle-opt %s -triton-tle-select-staged-load-layout -triton-tle-select-staged-load-layout | FileCheck %s

#wide = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [1, 32], warpsPerCTA = [4, 2], order = [1, 0]}>
#narrow = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
#scalar = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 2], order = [1, 0]}>
#words = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [1, 32], warpsPerCTA = [8, 1], order = [1, 0]}>
#columns = #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [32, 1], warpsPerCTA = [2, 4], order = [0, 1]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#rows = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#smem = #ttg.shared_memory
#turned = #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [32, 1], warpsPerCTA = [2, 4], order = [0, 1]}>
#second = #ttg.dot_op<{opIdx = 1, parent = #scalar}>
!first = tensor<64x512xbf16, #ttg.dot_op<{opIdx = 0, parent = #scalar}>>
!narrow_first = tensor<64x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #scalar}>>

// CHECK-DAG: #[[$WIDE:.*]] = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [1, 32], warpsPerCTA = [4, 2], order = [1, 0]}>
// CHECK-DAG: #[[$SEG:.*]] = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
// CHECK-DAG: #[[$POINTERS:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [2, 16], warpsPerCTA = [8, 1], order = [1, 0]}>
// CHECK-DAG: #[[$SCALAR:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 2], order = [1, 0]}>
// CHECK-DAG: #[[$WORDS:.*]] = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
// CHECK-DAG: #[[$HALF:.*]] = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [2, 16], warpsPerCTA = [8, 1], order = [1, 0]}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 8 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {

// A conversion that coalescing put before the copy is taken over, not stacked.
// CHECK-LABEL: tt.func @async_copy(
// CHECK-SAME: %[[P:[a-z0-9]+]]: tensor<64x512x!tt.ptr<bf16>, #[[$SCALAR]]>, %[[M:[a-z0-9]+]]: tensor<64x512xi1, #[[$WIDE]]>
// CHECK-DAG: %[[PS:.*]] = ttg.convert_layout %[[P]] : {{.*}} -> tensor<64x512x!tt.ptr<bf16>, #[[$SEG]]>
// CHECK-DAG: %[[MS:.*]] = ttg.convert_layout %[[M]] : {{.*}} -> tensor<64x512xi1, #[[$SEG]]>
// CHECK: ttg.async_copy_global_to_local %[[PS]], %{{.*}} mask %[[MS]] : tensor<64x512x!tt.ptr<bf16>, #[[$SEG]]>
tt.func @async_copy(%p: tensor<64x512x!tt.ptr<bf16>, #scalar>, %m: tensor<64x512xi1, #wide>) {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x512xbf16, #shared, #smem, mutable>
  %q = ttg.convert_layout %p : tensor<64x512x!tt.ptr<bf16>, #scalar> -> tensor<64x512x!tt.ptr<bf16>, #wide>
  %t = ttg.async_copy_global_to_local %q, %buf mask %m : tensor<64x512x!tt.ptr<bf16>, #wide> -> !ttg.memdesc<64x512xbf16, #shared, #smem, mutable>
  %c = ttg.async_commit_group tokens %t
  %w = ttg.async_wait %c {num = 0 : i32}
  tt.return
}

// The value may pass through conversions, and be stored more than once.
// CHECK-LABEL: tt.func @load_then_store(
// CHECK: %[[Q:.*]] = ttg.convert_layout %{{.*}} -> tensor<64x512x!tt.ptr<bf16>, #[[$SEG]]>
// CHECK: %[[V:.*]] = tt.load %[[Q]] : tensor<64x512x!tt.ptr<bf16>, #[[$SEG]]>
// CHECK: ttg.convert_layout %[[V]] : tensor<64x512xbf16, #[[$SEG]]> -> tensor<64x512xbf16, #[[$SCALAR]]>
// CHECK: ttg.local_alloc %[[V]] : (tensor<64x512xbf16, #[[$SEG]]>)
tt.func @load_then_store(%p: tensor<64x512x!tt.ptr<bf16>, #wide>) {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x512xbf16, #shared, #smem, mutable>
  %v = tt.load %p : tensor<64x512x!tt.ptr<bf16>, #wide>
  %c = ttg.convert_layout %v : tensor<64x512xbf16, #wide> -> tensor<64x512xbf16, #scalar>
  ttg.local_store %c, %buf : tensor<64x512xbf16, #scalar> -> !ttg.memdesc<64x512xbf16, #shared, #smem, mutable>
  %other = ttg.local_alloc %v : (tensor<64x512xbf16, #wide>) -> !ttg.memdesc<64x512xbf16, #shared, #smem>
  tt.return
}

// Narrower vectors: more lanes make 128 bytes.
// CHECK-LABEL: tt.func @half_vectors(
// CHECK: tt.load %{{.*}} : tensor<64x256x!tt.ptr<bf16>, #[[$HALF]]>
// CHECK-LABEL: tt.func @words(
// CHECK: tt.load %{{.*}} : tensor<32x256x!tt.ptr<f32>, #[[$WORDS]]>
tt.func @half_vectors(%p: tensor<64x256x!tt.ptr<bf16>, #words>) {
  %v = tt.load %p : tensor<64x256x!tt.ptr<bf16>, #words>
  %buf = ttg.local_alloc %v : (tensor<64x256xbf16, #words>) -> !ttg.memdesc<64x256xbf16, #shared, #smem>
  tt.return
}
tt.func @words(%p: tensor<32x256x!tt.ptr<f32>, #words>) {
  %v = tt.load %p : tensor<32x256x!tt.ptr<f32>, #words>
  %buf = ttg.local_alloc %v : (tensor<32x256xf32, #words>) -> !ttg.memdesc<32x256xf32, #shared, #smem>
  tt.return
}

// A tile that two products read, turned around and as it is; what reads it
// gets the layout that it had.
// CHECK-LABEL: tt.func @two_products(
// CHECK: %[[V:.*]] = tt.load %{{.*}} : tensor<64x512x!tt.ptr<bf16>, #[[$SEG]]>
// CHECK-NEXT: %[[C:.*]] = ttg.convert_layout %[[V]] : tensor<64x512xbf16, #[[$SEG]]> -> tensor<64x512xbf16, #[[$WIDE]]>
// CHECK-NOT: %[[V]]
// CHECK: tt.trans %[[C]]
// CHECK: ttg.convert_layout %[[C]]
tt.func @two_products(%p: tensor<64x512x!tt.ptr<bf16>, #wide>, %q: !first, %ds: !narrow_first,
                      %s: tensor<64x64xf32, #scalar>, %sum: tensor<64x512xf32, #scalar>)
    -> (tensor<64x64xf32, #scalar>, tensor<64x512xf32, #scalar>) {
  %v = tt.load %p : tensor<64x512x!tt.ptr<bf16>, #wide>
  %t = tt.trans %v {order = array<i32: 1, 0>} : tensor<64x512xbf16, #wide> -> tensor<512x64xbf16, #turned>
  %b = ttg.convert_layout %t : tensor<512x64xbf16, #turned> -> tensor<512x64xbf16, #second>
  %scores = tt.dot %q, %b, %s : !first * tensor<512x64xbf16, #second> -> tensor<64x64xf32, #scalar>
  %k = ttg.convert_layout %v : tensor<64x512xbf16, #wide> -> tensor<64x512xbf16, #second>
  %dq = tt.dot %ds, %k, %sum : !narrow_first * tensor<64x512xbf16, #second> -> tensor<64x512xf32, #scalar>
  tt.return %scores, %dq : tensor<64x64xf32, #scalar>, tensor<64x512xf32, #scalar>
}

// One product alone, or a product and a use in registers: as it was.
// CHECK-LABEL: tt.func @one_product(
// CHECK: tt.load %{{.*}} : tensor<64x512x!tt.ptr<bf16>, #[[$WIDE]]>
// CHECK-LABEL: tt.func @product_and_use(
// CHECK: tt.load %{{.*}} : tensor<64x512x!tt.ptr<bf16>, #[[$WIDE]]>
tt.func @one_product(%p: tensor<64x512x!tt.ptr<bf16>, #wide>, %ds: !narrow_first, %sum: tensor<64x512xf32, #scalar>)
    -> tensor<64x512xf32, #scalar> {
  %v = tt.load %p : tensor<64x512x!tt.ptr<bf16>, #wide>
  %k = ttg.convert_layout %v : tensor<64x512xbf16, #wide> -> tensor<64x512xbf16, #second>
  %dq = tt.dot %ds, %k, %sum : !narrow_first * tensor<64x512xbf16, #second> -> tensor<64x512xf32, #scalar>
  tt.return %dq : tensor<64x512xf32, #scalar>
}
tt.func @product_and_use(%p: tensor<64x512x!tt.ptr<bf16>, #wide>, %ds: !narrow_first, %sum: tensor<64x512xf32, #scalar>)
    -> (tensor<64x512xf32, #scalar>, tensor<64x512xbf16, #wide>) {
  %v = tt.load %p : tensor<64x512x!tt.ptr<bf16>, #wide>
  %k = ttg.convert_layout %v : tensor<64x512xbf16, #wide> -> tensor<64x512xbf16, #second>
  %half = tt.dot %ds, %k, %sum : !narrow_first * tensor<64x512xbf16, #second> -> tensor<64x512xf32, #scalar>
  %dq = tt.dot %ds, %k, %half : !narrow_first * tensor<64x512xbf16, #second> -> tensor<64x512xf32, #scalar>
  %more = arith.addf %v, %v : tensor<64x512xbf16, #wide>
  tt.return %dq, %more : tensor<64x512xf32, #scalar>, tensor<64x512xbf16, #wide>
}

// Each stays: used in registers too; fewer rows than the warps load at a time;
// 128 bytes already; columns first; a store to global memory.
// CHECK-LABEL: tt.func @stays(
// CHECK-NOT: ttg.convert_layout
// CHECK: tt.load %{{.*}} : tensor<64x512x!tt.ptr<bf16>, #[[$WIDE]]>
// CHECK: tt.load %{{.*}} : tensor<16x512x!tt.ptr<bf16>, #[[$WIDE]]>
// CHECK: tt.load %{{.*}} : tensor<64x64x!tt.ptr<bf16>, #[[$SEG]]>
// CHECK: tt.load %{{.*}} : tensor<512x64x!tt.ptr<bf16>, #{{.*}}>
// CHECK: tt.load %{{.*}} : tensor<64x512x!tt.ptr<bf16>, #[[$WIDE]]>
// CHECK: tt.return
tt.func @stays(%p: tensor<64x512x!tt.ptr<bf16>, #wide>, %few: tensor<16x512x!tt.ptr<bf16>, #wide>,
               %short: tensor<64x64x!tt.ptr<bf16>, #narrow>, %tall: tensor<512x64x!tt.ptr<bf16>, #columns>)
    -> tensor<64x512xbf16, #wide> {
  %v = tt.load %p : tensor<64x512x!tt.ptr<bf16>, #wide>
  %a = ttg.local_alloc %v : (tensor<64x512xbf16, #wide>) -> !ttg.memdesc<64x512xbf16, #shared, #smem>
  %f = tt.load %few : tensor<16x512x!tt.ptr<bf16>, #wide>
  %b = ttg.local_alloc %f : (tensor<16x512xbf16, #wide>) -> !ttg.memdesc<16x512xbf16, #shared, #smem>
  %s = tt.load %short : tensor<64x64x!tt.ptr<bf16>, #narrow>
  %c = ttg.local_alloc %s : (tensor<64x64xbf16, #narrow>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
  %t = tt.load %tall : tensor<512x64x!tt.ptr<bf16>, #columns>
  %d = ttg.local_alloc %t : (tensor<512x64xbf16, #columns>) -> !ttg.memdesc<512x64xbf16, #shared, #smem>
  %g = tt.load %p : tensor<64x512x!tt.ptr<bf16>, #wide>
  tt.store %p, %g : tensor<64x512x!tt.ptr<bf16>, #wide>
  tt.return %v : tensor<64x512xbf16, #wide>
}

// Pointers have 8 bytes: 16 lanes to 128 bytes of a row.
// CHECK-LABEL: @copy_of_pointers
// CHECK: ttg.async_copy_global_to_local %{{.*}} : tensor<64x512x!tt.ptr<!tt.ptr<f32>>, #[[$POINTERS]]>
tt.func public @copy_of_pointers(%p: tensor<64x512x!tt.ptr<!tt.ptr<f32>>, #scalar>, %buf: !ttg.memdesc<64x512x!tt.ptr<f32>, #rows, #smem, mutable>) {
  %t = ttg.async_copy_global_to_local %p, %buf : tensor<64x512x!tt.ptr<!tt.ptr<f32>>, #scalar> -> <64x512x!tt.ptr<f32>, #rows, #smem, mutable>
  tt.return
}

}

// Threads that no CTA has.
module {
// CHECK-LABEL: @many_threads
// CHECK-NOT: ttg.convert_layout
// CHECK: tt.return
tt.func public @many_threads(%p: tensor<64x512x!tt.ptr<bf16>, #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [65536, 65536], warpsPerCTA = [65536, 65536], order = [1, 0]}>>) {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x512xbf16, #shared, #smem, mutable>
  %t = ttg.async_copy_global_to_local %p, %buf : tensor<64x512x!tt.ptr<bf16>, #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [65536, 65536], warpsPerCTA = [65536, 65536], order = [1, 0]}>> -> <64x512xbf16, #shared, #smem, mutable>
  tt.return
}
}
