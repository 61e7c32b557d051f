//===- tle-opt.cpp - runs native passes on a file -------------------------===//

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "triton/InitAllDialects.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::triton::registerTritonTLEDialects(registry);
  mlir::triton::registerTritonTLEPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "TritonTLE native pass driver\n", registry));
}
