//===- WarpSpecializeOps.cpp - code for groups of warps -------------------===//

#include "mlir/IR/OpImplementation.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

WarpSpecializePartitionsOp WarpSpecializeOp::getPartitionOp() {
  return cast<WarpSpecializePartitionsOp>(
      getPartitionOpHolder().front().front());
}

RegionRange WarpSpecializeOp::getPartitionRegions() {
  return getPartitionOp().getPartitionRegions();
}

unsigned WarpSpecializeOp::getTotalPartitionWarps() {
  unsigned total = 0;
  for (int32_t warps : getPartitionNumWarps())
    total += warps;
  return total;
}

void WarpSpecializeOp::getSuccessorRegions(
    RegionBranchPoint point, SmallVectorImpl<RegionSuccessor> &successors) {
  // Control flow goes through the default region alone; partitions take
  // captures and give nothing back.
  if (point.isParent())
    successors.emplace_back(&getDefaultRegion());
  else
    successors.emplace_back(getOperation(), getResults());
}

LogicalResult WarpSpecializeOp::verify() {
  if (!isa_and_nonnull<WarpSpecializePartitionsOp>(
          getPartitionOpHolder().empty() ||
                  getPartitionOpHolder().front().empty()
              ? nullptr
              : &getPartitionOpHolder().front().front()))
    return emitOpError(
        "expected to find only a `ttg.warp_specialize.partitions` op inside "
        "its second region");
  if ((*this)->getParentOfType<WarpSpecializeOp>())
    return emitOpError(
        "cannot be nested inside another `ttg.warp_specialize` op");
  RegionRange partitions = getPartitionRegions();
  if (partitions.size() != getPartitionNumWarps().size())
    return emitOpError("has ")
           << partitions.size() << " partitions but `partitionNumWarps` has "
           << getPartitionNumWarps().size() << " elements";
  for (auto [index, warps] : llvm::enumerate(getPartitionNumWarps()))
    if (warps <= 0 || !llvm::isPowerOf2_32(warps))
      return emitOpError("partition #") << index << " number of warps ("
                                        << warps << ") must be a power of 2";
  auto checkCount = [&](std::optional<ArrayRef<int32_t>> values,
                        size_t expected, StringRef name) -> LogicalResult {
    if (values && values->size() != expected)
      return emitOpError("has ")
             << partitions.size() << " partitions but `" << name << "` has "
             << values->size() << " elements, expected " << expected;
    return success();
  };
  // actualRegisters counts the default region too.
  if (failed(checkCount(getWarpGroupStartIds(), partitions.size(),
                        "warpGroupStartIds")) ||
      failed(checkCount(getActualRegisters(), partitions.size() + 1,
                        "actualRegisters")))
    return failure();
  for (auto [index, region] : llvm::enumerate(partitions)) {
    if (region->getNumArguments() != getExplicitCaptures().size())
      return emitOpError("partition region #")
             << index << " has " << region->getNumArguments()
             << " arguments but expected " << getExplicitCaptures().size();
    for (auto [number, argument, capture] : llvm::enumerate(
             region->getArgumentTypes(), getExplicitCaptures().getTypes()))
      if (argument != capture)
        return emitOpError("partition region #")
               << index << " argument #" << number << " has type " << argument
               << " but corresponding capture has type " << capture;
  }
  return success();
}

ParseResult WarpSpecializeOp::parse(OpAsmParser &parser,
                                    OperationState &state) {
  SmallVector<OpAsmParser::UnresolvedOperand> captures;
  SMLoc capturesLoc = parser.getCurrentLocation();
  if (parser.parseOperandList(captures, AsmParser::Delimiter::Paren) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
      parser.parseKeyword("default") || parser.parseRegion(*state.addRegion()))
    return failure();

  OperationState partitions(state.location,
                            WarpSpecializePartitionsOp::getOperationName());
  SmallVector<int32_t> numWarps;
  while (succeeded(parser.parseOptionalKeyword(
      ("partition" + Twine(numWarps.size()).str())))) {
    SmallVector<OpAsmParser::Argument> arguments;
    if (parser.parseArgumentList(arguments, AsmParser::Delimiter::Paren,
                                 /*allowType=*/true) ||
        parser.parseKeyword("num_warps") || parser.parseLParen() ||
        parser.parseInteger(numWarps.emplace_back()) || parser.parseRParen() ||
        parser.parseRegion(*partitions.addRegion(), arguments))
      return failure();
  }

  FunctionType types;
  if (parser.parseColon() || parser.parseType(types) ||
      parser.resolveOperands(captures, types.getInputs(), capturesLoc,
                             state.operands))
    return failure();
  state.addTypes(types.getResults());
  state.addAttribute(getPartitionNumWarpsAttrName(state.name),
                     parser.getBuilder().getDenseI32ArrayAttr(numWarps));
  Block &holder = state.addRegion()->emplaceBlock();
  holder.push_back(Operation::create(partitions));
  return success();
}

void WarpSpecializeOp::print(OpAsmPrinter &printer) {
  printer << '(' << getExplicitCaptures() << ')';
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                           {getPartitionNumWarpsAttrName()});
  printer.printNewline();
  printer << "default ";
  printer.printRegion(getDefaultRegion(), /*printEntryBlockArgs=*/false);
  for (auto [index, region, warps] :
       llvm::enumerate(getPartitionRegions(), getPartitionNumWarps())) {
    printer.printNewline();
    printer << "partition" << index << '(';
    llvm::interleaveComma(
        region->getArguments(), printer,
        [&](BlockArgument argument) { printer.printRegionArgument(argument); });
    printer << ") num_warps(" << warps << ") ";
    printer.printRegion(*region, /*printEntryBlockArgs=*/false);
  }
  printer << " : ";
  printer.printFunctionalType(*this);
}

LogicalResult WarpYieldOp::verify() {
  auto parent = cast<WarpSpecializeOp>((*this)->getParentOp());
  if (getNumOperands() != parent.getNumResults())
    return emitOpError("has ")
           << getNumOperands() << " operands but parent op expected "
           << parent.getNumResults();
  for (auto [index, value, type] :
       llvm::enumerate(getOperandTypes(), parent.getResultTypes()))
    if (value != type)
      return emitOpError("operand #") << index << " has type " << value
                                      << " but parent op expected " << type;
  return success();
}
