// RUN: tle-opt %s -triton-tle-fold-shared-address-casts -split-input-file -verify-diagnostics

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
llvm.func @slice(%s: !llvm.struct<(ptr<3>, i32, i32)>) -> i32 {
  %b = builtin.unrealized_conversion_cast %s : !llvm.struct<(ptr<3>, i32, i32)> to !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x512>
  // expected-error-re @+1 {{the address of '!ttg.memdesc<64x64xbf16, {{.*}}, mutable, 64x512>', a slice: an address is that of the whole buffer}}
  %a = builtin.unrealized_conversion_cast %b : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x512> to i32
  llvm.return %a : i32
}

// -----

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
llvm.func @no_pointer(%s: !llvm.struct<(i32, i32)>) -> i32 {
  %b = builtin.unrealized_conversion_cast %s : !llvm.struct<(i32, i32)> to !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  // expected-error @+1 {{expected a struct that starts with a pointer, got '!llvm.struct<(i32, i32)>'}}
  %a = builtin.unrealized_conversion_cast %b : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> to i32
  llvm.return %a : i32
}
