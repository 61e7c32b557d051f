#include "LocalAccessPTX.h"

#include "tle/Transforms/LocalPointerUtils.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

Type tle::withElement(Type type, Type element) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return RankedTensorType::get(tensor.getShape(), element,
                                 tensor.getEncoding());
  return element;
}

LogicalResult AccessBuilder::init() {
  Type element = getElementTypeOrSelf(valueType);
  memoryBits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 0;
  if (!llvm::is_contained({8u, 16u, 32u, 64u}, memoryBits))
    return access->emitError() << "shared memory is accessed in elements of 8, "
                                  "16, 32 or 64 bits, not of "
                               << element;
  registerBits = std::max(memoryBits, 16u);
  constraint = registerBits == 16 ? 'h' : registerBits == 32 ? 'r' : 'l';
  registerType = withElement(valueType, builder.getIntegerType(registerBits));
  return success();
}

Value AccessBuilder::toRegister(Value value) {
  Type integer = withElement(valueType, builder.getIntegerType(memoryBits));
  if (value.getType() != integer)
    value = BitcastOp::create(builder, loc, integer, value);
  if (memoryBits != registerBits)
    value = arith::ExtUIOp::create(builder, loc, registerType, value);
  return value;
}

Value AccessBuilder::fromRegister(Value value) {
  Type integer = withElement(valueType, builder.getIntegerType(memoryBits));
  if (memoryBits != registerBits)
    value = arith::TruncIOp::create(builder, loc, integer, value);
  if (integer != valueType)
    value = BitcastOp::create(builder, loc, valueType, value);
  return value;
}

Value AccessBuilder::toPredicate(Value mask) {
  return arith::ExtUIOp::create(
      builder, loc, withElement(mask.getType(), builder.getI32Type()), mask);
}

Value AccessBuilder::createAsm(const Twine &text, const Twine &constraints,
                               Type resultType, ValueRange operands) {
  auto op = ElementwiseInlineAsmOp::create(
      builder, loc, TypeRange{resultType}, builder.getStringAttr(text),
      builder.getStringAttr(constraints), builder.getBoolAttr(false),
      builder.getI32IntegerAttr(1), operands);
  return op->getResult(0);
}

static LogicalResult lowerLoad(LoadOp load) {
  AccessBuilder b(load, load.getType());
  if (failed(b.init()))
    return failure();
  unsigned bits = b.memoryBits;
  char reg = b.constraint;
  const char *isVolatile = load.getIsVolatile() ? ".volatile" : "";
  Value mask = load.getMask(), result;
  if (!mask || isConstantTrue(mask)) {
    result = b.createAsm(
        llvm::formatv("ld{0}.shared.b{1} $0, [$1];", isVolatile, bits).str(),
        llvm::formatv("={0},r", reg).str(), b.registerType, {load.getPtr()});
  } else {
    // Early clobber: the result is written before the address is read.
    SmallVector<Value> operands{load.getPtr(), b.toPredicate(mask)};
    std::string fallback = "0",
                constraints = llvm::formatv("=&{0},r,r", reg).str();
    if (Value other = load.getOther()) {
      operands.push_back(b.toRegister(other));
      fallback = "$3";
      constraints += llvm::formatv(",{0}", reg).str();
    }
    result = b.createAsm(
        llvm::formatv(
            "{{ .reg .pred p; setp.ne.b32 p, $2, 0; mov.b{0} $0, {1}; "
            "@p ld{2}.shared.b{3} $0, [$1]; }",
            b.registerBits, fallback, isVolatile, bits)
            .str(),
        constraints, b.registerType, operands);
  }
  load.getResult().replaceAllUsesWith(b.fromRegister(result));
  load.erase();
  return success();
}

static LogicalResult lowerStore(StoreOp store) {
  AccessBuilder b(store, store.getValue().getType());
  if (failed(b.init()))
    return failure();
  // The op wants a result; nothing reads it.
  Type unused = withElement(b.valueType, b.builder.getI32Type());
  Value mask = store.getMask(), value = b.toRegister(store.getValue());
  unsigned bits = b.memoryBits;
  if (!mask || isConstantTrue(mask))
    b.createAsm(
        llvm::formatv("st.shared.b{0} [$1], $2; mov.b32 $0, 0;", bits).str(),
        llvm::formatv("=r,r,{0}", b.constraint).str(), unused,
        {store.getPtr(), value});
  else
    b.createAsm(llvm::formatv("{{ .reg .pred p; setp.ne.b32 p, $3, 0; @p "
                              "st.shared.b{0} [$1], $2; mov.b32 $0, 0; }",
                              bits)
                    .str(),
                llvm::formatv("=r,r,{0},r", b.constraint).str(), unused,
                {store.getPtr(), value, b.toPredicate(mask)});
  store.erase();
  return success();
}

LogicalResult tle::lowerLocalAccess(Operation *access) {
  if (auto load = dyn_cast<LoadOp>(access))
    return lowerLoad(load);
  if (auto store = dyn_cast<StoreOp>(access))
    return lowerStore(store);
  return lowerLocalAtomic(access);
}
