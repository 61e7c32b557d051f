// RUN: tle-opt %s -split-input-file -verify-diagnostics

llvm.func @accumulator_type(%acc: !llvm.struct<(f32, f32)>, %desc: i64, %use: i1) {
  // expected-error @+1 {{operand opC has type '!llvm.struct<(f32, f32)>', the result has '!llvm.struct<(f32)>'; an accumulator keeps its type}}
  %d = nvg.wgmma %desc, %desc, %use, %acc {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32)>
  llvm.return
}

// -----

llvm.func @rows(%desc: i64, %use: i1) {
  // expected-error @+1 {{attribute m is 128, a WGMMA instruction has 64 rows}}
  %d = nvg.wgmma %desc, %desc, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 128 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32)>
  llvm.return
}

// -----

llvm.func @columns(%desc: i64, %use: i1) {
  // expected-error @+1 {{attribute n is 12, must be a multiple of 8 from 8 to 256}}
  %d = nvg.wgmma %desc, %desc, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 12 : i32} : (i64, i64, i1) -> !llvm.struct<(f32)>
  llvm.return
}

// -----

llvm.func @element_type(%desc: i64, %use: i1) {
  // expected-error @+1 {{attribute 'eltTypeA' failed to satisfy constraint}}
  %d = nvg.wgmma %desc, %desc, %use {eltTypeA = 9 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32)>
  llvm.return
}

// -----

llvm.func @operand(%desc: i32, %use: i1) {
  // expected-error @+1 {{operand #0 must be struct of registers or shared-memory descriptor}}
  %d = nvg.wgmma %desc, %desc, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i32, i32, i1) -> !llvm.struct<(f32)>
  llvm.return
}

// -----

llvm.func @shared_load(%p: !llvm.ptr<3>) {
  // expected-error @+1 {{operand #0 must be LLVM pointer in address space 1}}
  %0 = nvg.ld_acquire acquire, gpu, %p : (!llvm.ptr<3>) -> i32
  llvm.return
}

// -----

llvm.func @unknown_op() {
  // expected-error @+1 {{custom op 'nvg.stmatrix' is unknown}}
  nvg.stmatrix
  llvm.return
}
