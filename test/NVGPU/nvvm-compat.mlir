// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s -mlir-print-op-generic | tle-opt | FileCheck %s

// CHECK-LABEL: llvm.func @arrive
// CHECK-SAME: %[[B:.*]]: !llvm.ptr<3>
llvm.func @arrive(%b: !llvm.ptr<3>) {
  // CHECK: nvvm.cp.async.mbarrier.arrive.shared %[[B]] : !llvm.ptr<3>
  nvvm.cp.async.mbarrier.arrive.shared %b : !llvm.ptr<3>
  // CHECK: nvvm.cp.async.mbarrier.arrive.shared %[[B]] {noinc = true} : !llvm.ptr<3>
  nvvm.cp.async.mbarrier.arrive.shared %b {noinc = true} : !llvm.ptr<3>
  // What MLIR itself has stays.
  // CHECK: nvvm.cp.async.mbarrier.arrive %[[B]] : !llvm.ptr<3>
  nvvm.cp.async.mbarrier.arrive %b : !llvm.ptr<3>
  llvm.return
}
