//===- InitAllDialects.cpp - what every tool registers --------------------===//
//
// A new dialect adds its header and one line to registerTritonTLEDialects, a
// new pass library its header and one line to registerTritonTLEPasses.
//
//===----------------------------------------------------------------------===//

#include "triton/InitAllDialects.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Transforms/Passes.h"

#ifdef __TLE__
#include "tle/Conversion/Passes.h"
#include "tle/IR/Dialect.h"
#include "tle/Transforms/Passes.h"
#endif
#include "triton/Analysis/Passes.h"
#include "triton/Conversion/TritonToTritonGPU/Passes.h"
#include "triton/Dialect/NVGPU/IR/Dialect.h"
#include "triton/Dialect/NVGPU/IR/NVVMCompat.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/Passes.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "triton/Dialect/TritonNvidiaGPU/Transforms/Passes.h"

using namespace mlir;

void triton::registerTritonTLEDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect,
                  func::FuncDialect, mlir::gpu::GPUDialect, LLVM::LLVMDialect,
                  math::MathDialect, NVVM::NVVMDialect, scf::SCFDialect,
                  tensor::TensorDialect, ub::UBDialect>();
  func::registerInlinerExtension(registry);
  triton::nvvm_compat::registerOps(registry);

  registry.insert<triton::TritonDialect, triton::gpu::TritonGPUDialect,
                  triton::nvgpu::NVGPUDialect,
                  triton::nvidia_gpu::TritonNvidiaGPUDialect>();
#ifdef __TLE__
  registry.insert<triton::tle::TLEDialect>();
#endif
}

void triton::registerTritonTLEPasses() {
  registerCanonicalizerPass();
  registerCSEPass();
  registerInlinerPass();
  registerLoopInvariantCodeMotionPass();
  registerSCCPPass();
  registerSymbolDCEPass();

  triton::registerTritonAnalysisPasses();
  triton::registerTritonToTritonGPUPasses();
  triton::gpu::registerTritonGPUPasses();
  triton::nvidia_gpu::registerTritonNvidiaGPUPasses();
#ifdef __TLE__
  triton::tle::registerTLEPasses();
  triton::tle::registerTLEConversionPasses();
#endif
}

const DialectRegistry &triton::getTritonTLERegistry() {
  static const DialectRegistry *registry = [] {
    auto *result = new DialectRegistry();
    registerTritonTLEDialects(*result);
    registerTritonTLEPasses();
    return result;
  }();
  return *registry;
}
