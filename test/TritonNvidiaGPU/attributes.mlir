// RUN: tle-opt %s | FileCheck %s

// Defaults are not printed.
// CHECK-DAG: #tmem = #ttng.tensor_memory_encoding<blockM = 64, blockN = 128, colStride = 2>
// CHECK-DAG: #tmem1 = #ttng.tensor_memory_encoding<blockM = 64, blockN = 128, colStride = 1, CTASplitM = 2, twoCTAs = true>
// CHECK-DAG: #tmem2 = #ttng.tensor_memory_encoding<blockM = 128, blockN = 512, colStride = 4, CTASplitN = 2>
// CHECK-DAG: #tmem_scales = #ttng.tensor_memory_scales_encoding<>
// CHECK-DAG: #tmem_scales1 = #ttng.tensor_memory_scales_encoding<CTASplitM = 2>
module attributes {
  tt.a = #ttng.tensor_memory_encoding<blockM = 64, blockN = 128, colStride = 2, twoCTAs = false>,
  tt.b = #ttng.tensor_memory_encoding<blockM = 64, blockN = 128, colStride = 1, CTASplitM = 2, CTASplitN = 1, twoCTAs = true>,
  tt.c = #ttng.tensor_memory_encoding<CTASplitN = 2, blockM = 128, colStride = 4, blockN = 512>,
  tt.d = #ttng.tensor_memory_scales_encoding<>,
  tt.e = #ttng.tensor_memory_scales_encoding<CTASplitM = 2, CTASplitN = 1>,
  // CHECK: tt.f = #ttng.tensor_memory
  tt.f = #ttng.tensor_memory
} {}
