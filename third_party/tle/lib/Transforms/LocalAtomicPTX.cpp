//===- LocalAtomicPTX.cpp - shared-memory atomics as inline PTX -----------===//
//
// Unlike a load, an atomic must run once per element. Where threads hold copies
// of an element, one of them is told by its number, which depends on the
// layout. So the assembly stands in a function of its own until the stock
// engine inlines it behind its last layout pass: what crosses a function's
// border keeps its layout.
//
//===----------------------------------------------------------------------===//

#include "LocalAccessPTX.h"

#include "tle/Transforms/LocalPointerUtils.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// All bits of the thread number: the one element of a scalar is held by all.
static constexpr unsigned kAllThreads = ~0u;

/// Bits of the thread number whose threads hold copies of others' elements; an
/// error if a thread holds copies itself, or the layout does not tell.
static FailureOr<unsigned> getReplicaThreads(Operation *atomic) {
  auto type = dyn_cast<RankedTensorType>(atomic->getResult(0).getType());
  unsigned replicas = kAllThreads;
  if (type) {
    FailureOr<LinearLayout> layout = ttg::toLinearLayout(type);
    if (failed(layout))
      return atomic->emitError() << "cannot tell which threads hold copies of "
                                    "an element in the layout of "
                                 << type;
    auto isZero = [](const LinearLayout::Basis &basis) {
      return llvm::all_of(basis, [](int32_t x) { return !x; });
    };
    if (llvm::any_of(layout->getBases("register"), isZero))
      return atomic->emitError()
             << "an atomic on shared memory needs threads that hold each "
                "element once, but the "
             << "layout of " << type << " gives them copies";
    replicas = 0;
    ArrayRef<LinearLayout::Basis> lanes = layout->getBases("lane"),
                                  warps = layout->getBases("warp");
    for (auto [bit, basis] : llvm::enumerate(lanes))
      if (isZero(basis))
        replicas |= 1u << bit;
    for (auto [bit, basis] : llvm::enumerate(warps))
      if (isZero(basis))
        replicas |= 1u << (lanes.size() + bit);
  }
  if (replicas && isInWarpSpecialize(atomic))
    return atomic->emitError()
           << "an atomic on shared memory in a warp-specialized partition "
              "needs as many elements "
           << "as the partition has threads, but it has "
           << atomic->getResult(0).getType();
  return replicas;
}

/// The operation and type of an atom instruction: "add.u32".
static FailureOr<std::string> getAtomSuffix(AtomicRMWOp rmw) {
  Type element = getElementTypeOrSelf(rmw.getVal());
  auto getName = [&]() -> std::pair<StringRef, StringRef> {
    switch (rmw.getAtomicRmwOp()) {
    case RMWOp::AND:
      return {"and", "b"};
    case RMWOp::OR:
      return {"or", "b"};
    case RMWOp::XOR:
      return {"xor", "b"};
    case RMWOp::XCHG:
      return {"exch", "b"};
    case RMWOp::ADD:
      return {"add", "u"};
    case RMWOp::MAX:
      return {"max", "s"};
    case RMWOp::MIN:
      return {"min", "s"};
    case RMWOp::UMAX:
      return {"max", "u"};
    case RMWOp::UMIN:
      return {"min", "u"};
    case RMWOp::FADD:
      return {"add", "f"};
    }
    llvm_unreachable("all operations are named");
  };
  auto [op, kind] = getName();
  unsigned bits = getElementBitWidth(element);
  if (bits == 32 || bits == 64)
    return llvm::formatv("{0}.{1}{2}", op, kind, bits).str();
  if (rmw.getAtomicRmwOp() == RMWOp::FADD && element.isF16())
    return std::string("add.noftz.f16");
  if (rmw.getAtomicRmwOp() == RMWOp::FADD && element.isBF16())
    return std::string("add.noftz.bf16");
  return rmw.emitError() << "shared memory has no atomic "
                         << stringifyRMWOp(rmw.getAtomicRmwOp())
                         << " on elements of " << element;
}

static StringRef getSemantics(MemSemantic semantic) {
  switch (semantic) {
  case MemSemantic::RELAXED:
    return "relaxed";
  case MemSemantic::ACQUIRE:
    return "acquire";
  case MemSemantic::RELEASE:
    return "release";
  case MemSemantic::ACQUIRE_RELEASE:
    return "acq_rel";
  }
  llvm_unreachable("all semantics are named");
}

/// Runs `text` on `operands` in a new function, so that their layouts stay.
/// Functions have the module's number of warps, so not in a partition.
static Value createPinnedAsm(AccessBuilder &b, StringRef text,
                             StringRef constraints, ArrayRef<Type> operandTypes,
                             ValueRange operands) {
  if (isInWarpSpecialize(b.access))
    return b.createAsm(text, constraints, b.registerType, operands);

  // The numbers go on where the last function has left off: a search from zero
  // would take the cube of their number.
  constexpr StringLiteral prefix = "tle.atomic.";
  auto module = b.access->getParentOfType<ModuleOp>();
  unsigned number = 0;
  if (auto last = dyn_cast<FuncOp>(module.getBody()->back())) {
    StringRef lastName = last.getSymName();
    if (lastName.consume_front(prefix) && !lastName.getAsInteger(10, number))
      ++number;
  }
  std::string name;
  do {
    name = (prefix + Twine(number++)).str();
  } while (module.lookupSymbol(name));
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto type = builder.getFunctionType(operandTypes, b.registerType);
  auto function = FuncOp::create(builder, b.loc, name, type);
  function.setPrivate();
  function->setAttr("noinline", builder.getBoolAttr(false));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  auto op = ElementwiseInlineAsmOp::create(
      builder, b.loc, TypeRange{b.registerType}, builder.getStringAttr(text),
      builder.getStringAttr(constraints), builder.getBoolAttr(false),
      builder.getI32IntegerAttr(1), body->getArguments());
  ReturnOp::create(builder, b.loc, op->getResults());
  return CallOp::create(b.builder, b.loc, function, operands)->getResult(0);
}

/// A place in shared memory for each element, by address.
static std::pair<Value, Value> createScratch(AccessBuilder &b) {
  OpBuilder &builder = b.builder;
  MLIRContext *context = builder.getContext();
  auto tensor = dyn_cast<RankedTensorType>(b.valueType);
  int64_t count = tensor ? tensor.getNumElements() : 1;
  auto layout = ttg::SwizzledSharedEncodingAttr::get(
      context, /*vec=*/1, /*perPhase=*/1, /*maxPhase=*/1, {0u},
      ttg::CGAEncodingAttr::getDefault(context, 1));
  auto type = ttg::MemDescType::get(
      {count}, builder.getIntegerType(b.registerBits), layout,
      ttg::SharedMemorySpaceAttr::get(context), /*mutableMemory=*/true);
  Value buffer = ttg::LocalAllocOp::create(builder, b.loc, type);
  Value address = UnrealizedConversionCastOp::create(
                      builder, b.loc, builder.getI32Type(), buffer)
                      .getResult(0);
  if (!tensor)
    return {buffer, address};

  auto indexType =
      cast<RankedTensorType>(withElement(tensor, builder.getI32Type()));
  auto constant = [&](int64_t value) {
    auto attr = DenseElementsAttr::get(indexType, llvm::APInt(32, value));
    return arith::ConstantOp::create(builder, b.loc, attr);
  };
  address = SplatOp::create(builder, b.loc, indexType, address);
  int64_t stride = b.registerBits / 8;
  for (int64_t dim = tensor.getRank(); dim-- > 0;
       stride *= tensor.getDimSize(dim)) {
    Value position = createPositions(builder, b.loc, indexType, dim);
    Value bytes =
        arith::MulIOp::create(builder, b.loc, position, constant(stride));
    address = arith::AddIOp::create(builder, b.loc, address, bytes);
  }
  return {buffer, address};
}

/// Replaces `atomic` by the instruction `instruction`, whose operands are named
/// $0 (old value), $1 (address), $2 and so on (`values`).
static LogicalResult lower(Operation *atomic, StringRef instruction,
                           ValueRange values, Value mask) {
  AccessBuilder b(atomic, atomic->getResult(0).getType());
  FailureOr<unsigned> replicas = getReplicaThreads(atomic);
  if (failed(replicas) || failed(b.init()))
    return failure();
  bool hasMask = mask && !isConstantTrue(mask);
  bool isRead = !atomic->getResult(0).use_empty();
  // Copies of an element get its old value from the thread that knows it.
  bool isShared = *replicas && isRead;

  SmallVector<Value> operands{atomic->getOperand(0)};
  SmallVector<Type> types{withElement(b.valueType, b.builder.getI32Type())};
  std::string constraints = llvm::formatv("=&{0},r", b.constraint).str();
  auto addOperand = [&](Value value, char constraint) {
    operands.push_back(value);
    types.push_back(value.getType());
    constraints += {',', constraint};
    return llvm::formatv("${0}", operands.size()).str();
  };
  for (Value value : values)
    addOperand(b.toRegister(value), b.constraint);

  std::string text = "{ .reg .pred p; .reg .b32 t; setp.eq.b32 p, 0, 0; ";
  if (hasMask)
    text += llvm::formatv("setp.ne.b32 p, {0}, 0; ",
                          addOperand(b.toPredicate(mask), 'r'))
                .str();
  if (*replicas)
    text += llvm::formatv("mov.u32 t, %tid.x; and.b32 t, t, {0}; "
                          "setp.eq.and.b32 p, t, 0, p; ",
                          static_cast<int32_t>(*replicas))
                .str();
  text += llvm::formatv("mov.b{0} $0, 0; @p {1}; ", b.registerBits, instruction)
              .str();
  Value buffer, scratch;
  if (isShared) {
    std::tie(buffer, scratch) = createScratch(b);
    text += llvm::formatv("@p st.shared.b{0} [{1}], $0; ", b.registerBits,
                          addOperand(scratch, 'r'))
                .str();
    // What lay there before may still be read.
    mlir::gpu::BarrierOp::create(b.builder, b.loc);
  }
  Value result = createPinnedAsm(b, text + "}", constraints, types, operands);
  if (isShared) {
    mlir::gpu::BarrierOp::create(b.builder, b.loc);
    result = b.createAsm(
        llvm::formatv("ld.shared.b{0} $0, [$1];", b.registerBits).str(),
        llvm::formatv("={0},r", b.constraint).str(), b.registerType, scratch);
    mlir::gpu::BarrierOp::create(b.builder, b.loc);
    ttg::LocalDeallocOp::create(b.builder, b.loc, buffer);
  }
  if (isRead)
    atomic->getResult(0).replaceAllUsesWith(b.fromRegister(result));
  atomic->erase();
  return success();
}

LogicalResult tle::lowerLocalAtomic(Operation *atomic) {
  if (auto rmw = dyn_cast<AtomicRMWOp>(atomic)) {
    FailureOr<std::string> suffix = getAtomSuffix(rmw);
    if (failed(suffix))
      return failure();
    std::string instruction =
        llvm::formatv("atom.{0}.cta.shared.{1} $0, [$1], $2",
                      getSemantics(rmw.getSem()), *suffix)
            .str();
    return lower(rmw, instruction, {rmw.getVal()}, rmw.getMask());
  }
  auto cas = cast<AtomicCASOp>(atomic);
  unsigned bits = getElementBitWidth(cas.getVal().getType());
  if (bits < 16)
    return cas.emitError()
           << "shared memory has no compare-and-swap on elements of "
           << getElementTypeOrSelf(cas.getVal());
  std::string instruction =
      llvm::formatv("atom.{0}.cta.shared.cas.b{1} $0, [$1], $2, $3",
                    getSemantics(cas.getSem()), bits)
          .str();
  return lower(cas, instruction, {cas.getCmp(), cas.getVal()}, Value());
}
