//===- Dialect.cpp - dialect ttg ------------------------------------------===//

#include "triton/Dialect/TritonGPU/IR/Dialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"

#include "triton/Dialect/TritonGPU/IR/TritonGPUAttrInterfaces.cpp.inc"
#include "triton/Dialect/TritonGPU/IR/TritonGPUDialect.cpp.inc"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

#define GET_ATTRDEF_CLASSES
#include "triton/Dialect/TritonGPU/IR/TritonGPUAttrDefs.cpp.inc"

namespace {

/// Names layouts the way the stock engine prints them.
struct TritonGPUOpAsmInterface : public OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;

  AliasResult getAlias(Attribute attr, raw_ostream &os) const final {
    StringRef name =
        llvm::TypeSwitch<Attribute, StringRef>(attr)
            .Case<MmaEncodingTrait>([](Attribute) { return "mma"; })
            .Case<SharedEncodingTrait>([](Attribute) { return "shared"; })
            .Case<BlockedEncodingAttr>([](Attribute) { return "blocked"; })
            .Case<LinearEncodingAttr>([](Attribute) { return "linear"; })
            .Case<SharedMemorySpaceAttr>([](Attribute) { return "smem"; })
            .Default([](Attribute) { return StringRef(); });
    if (name.empty())
      return AliasResult::NoAlias;
    os << name;
    return AliasResult::FinalAlias;
  }
};

struct TritonGPUInlinerInterface : public DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};

} // namespace

void TritonGPUDialect::initialize() {
  registerAttributes();
  registerCGAEncoding();
  registerTypes();
  registerOps();
  addInterfaces<TritonGPUInlinerInterface, TritonGPUOpAsmInterface>();
  registerInterfaces();
}

void TritonGPUDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "triton/Dialect/TritonGPU/IR/TritonGPUAttrDefs.cpp.inc"
      >();
}

void TritonGPUDialect::registerOps() {
  addOperations<
#define GET_OP_LIST
#include "triton/Dialect/TritonGPU/IR/TritonGPUOps.cpp.inc"
      >();
}

/// Of a CTA; nothing else is counted higher.
static constexpr int64_t kMostThreads = 1024;

LogicalResult TritonGPUDialect::verifyOperationAttribute(Operation *op,
                                                         NamedAttribute attr) {
  StringRef name = attr.getName().getValue();
  if (!isa<ModuleOp>(op))
    return success();
  if (name == AttrTargetName)
    return isa<StringAttr>(attr.getValue())
               ? success()
               : LogicalResult(op->emitOpError("expected '")
                               << name
                               << "' to be a string such as \"cuda:90\"");
  if (name != AttrNumWarpsName && name != AttrNumCTAsName &&
      name != AttrNumThreadsPerWarp)
    return success();
  auto number = dyn_cast<IntegerAttr>(attr.getValue());
  if (!number || !number.getType().isInteger(32) || number.getInt() < 1 ||
      number.getInt() > kMostThreads || !llvm::isPowerOf2_64(number.getInt()))
    return op->emitOpError("expected '")
           << name << "' to be an i32 power of two up to " << kMostThreads
           << ", got " << attr.getValue();
  return success();
}

//===----------------------------------------------------------------------===//
// What a module is laid out for
//===----------------------------------------------------------------------===//

static std::optional<int> moduleAttr(Operation *op, StringRef name) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<ModuleOp>();
  auto number =
      module ? module->getAttrOfType<IntegerAttr>(name) : IntegerAttr();
  return number ? std::optional<int>(number.getInt()) : std::nullopt;
}

std::optional<int> mlir::triton::gpu::maybeLookupNumWarps(Operation *op) {
  for (Region *region = op->getParentRegion(); region;
       region = region->getParentRegion())
    if (auto partitions =
            dyn_cast<WarpSpecializePartitionsOp>(region->getParentOp())) {
      auto specialize =
          dyn_cast_or_null<WarpSpecializeOp>(partitions->getParentOp());
      unsigned index = region->getRegionNumber();
      if (!specialize || index >= specialize.getPartitionNumWarps().size())
        return std::nullopt;
      return specialize.getPartitionNumWarps()[index];
    }
  return moduleAttr(op, AttrNumWarpsName);
}

int mlir::triton::gpu::lookupNumWarps(Operation *op) {
  return maybeLookupNumWarps(op).value_or(4);
}
int mlir::triton::gpu::lookupNumCTAs(Operation *op) {
  return moduleAttr(op, AttrNumCTAsName).value_or(1);
}
int mlir::triton::gpu::lookupThreadsPerWarp(Operation *op) {
  return moduleAttr(op, AttrNumThreadsPerWarp).value_or(32);
}

std::optional<int> mlir::triton::gpu::getComputeCapability(ModuleOp module) {
  auto target = module->getAttrOfType<StringAttr>(AttrTargetName);
  StringRef text = target ? target.getValue() : StringRef();
  int capability;
  if (!text.consume_front("cuda:") || text.getAsInteger(10, capability))
    return std::nullopt;
  return capability;
}
