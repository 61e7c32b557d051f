//===- AttrParsing.cpp - reading `{name = value, ...}` --------------------===//

#include "AttrParsing.h"

#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::gpu::text;

FieldReader::FieldReader(AsmParser &parser)
    : parser(parser), loc(parser.getCurrentLocation()) {
  hasFailed = parser.parseAttribute(fields).failed();
}

void FieldReader::fail(const Twine &message) {
  if (!hasFailed)
    parser.emitError(loc, message);
  hasFailed = true;
}

Attribute FieldReader::lookup(StringRef name, bool optional) {
  if (hasFailed)
    return {};
  taken.push_back(name);
  Attribute value = fields.get(name);
  if (!value && !optional)
    fail("expected a value for '" + name + "'");
  return value;
}

Attribute FieldReader::take(StringRef name) {
  return lookup(name, /*optional=*/true);
}

static std::optional<unsigned> asUnsigned(Attribute attr) {
  auto integer = dyn_cast_or_null<IntegerAttr>(attr);
  if (!integer || isa<BoolAttr>(attr) ||
      integer.getValue().getSignificantBits() > 32 || integer.getInt() < 0)
    return std::nullopt;
  return integer.getInt();
}

bool FieldReader::read(StringRef name, unsigned &value, bool optional) {
  Attribute attr = lookup(name, optional);
  if (!attr)
    return false;
  auto number = asUnsigned(attr);
  if (!number)
    fail("expected '" + name + "' to be a non-negative integer");
  else
    value = *number;
  return true;
}

bool FieldReader::read(StringRef name, bool &value, bool optional) {
  Attribute attr = lookup(name, optional);
  if (!attr)
    return false;
  if (auto flag = dyn_cast<BoolAttr>(attr))
    value = flag.getValue();
  else
    fail("expected '" + name + "' to be true or false");
  return true;
}

bool FieldReader::read(StringRef name, SmallVectorImpl<unsigned> &value,
                       bool optional) {
  Attribute attr = lookup(name, optional);
  if (!attr)
    return false;
  auto list = dyn_cast<ArrayAttr>(attr);
  if (!list) {
    fail("expected '" + name + "' to be a list of integers");
    return true;
  }
  value.clear();
  for (Attribute entry : list) {
    auto number = asUnsigned(entry);
    if (!number) {
      fail("expected '" + name + "' to hold non-negative integers only");
      return true;
    }
    value.push_back(*number);
  }
  return true;
}

/// The entries of `[[0, 1], [2, 0]]`, or what is wrong with it.
static std::optional<std::vector<LinearLayout::Basis>>
readBases(Attribute attr) {
  auto list = dyn_cast<ArrayAttr>(attr);
  if (!list)
    return std::nullopt;
  std::vector<LinearLayout::Basis> bases;
  for (Attribute entry : list) {
    auto coordinates = dyn_cast<ArrayAttr>(entry);
    if (!coordinates)
      return std::nullopt;
    LinearLayout::Basis basis;
    for (Attribute coordinate : coordinates) {
      auto number = asUnsigned(coordinate);
      if (!number || *number > unsigned(std::numeric_limits<int32_t>::max()))
        return std::nullopt;
      basis.push_back(*number);
    }
    if (!bases.empty() && bases[0].size() != basis.size())
      return std::nullopt;
    bases.push_back(std::move(basis));
  }
  return bases;
}

std::optional<std::vector<LinearLayout::Basis>>
FieldReader::bases(StringRef name, bool optional) {
  Attribute attr = lookup(name, optional);
  if (!attr)
    return std::nullopt;
  auto result = readBases(attr);
  if (!result)
    fail("expected '" + name +
         "' to be a list of bases of one length, such as [[0, 1], [1, 0]]");
  return result;
}

CGAEncodingAttr FieldReader::cgaLayout(unsigned rank) {
  Attribute attr = take("CGALayout");
  if (hasFailed)
    return {};
  CGAEncodingAttr layout = parseCGALayout(parser, attr, rank);
  hasFailed |= !layout;
  return layout;
}

LogicalResult FieldReader::finish() {
  if (hasFailed)
    return failure();
  for (NamedAttribute field : fields)
    if (!llvm::is_contained(taken, field.getName().getValue())) {
      fail("unexpected field '" + field.getName().getValue() + "'");
      return failure();
    }
  return success();
}

CGAEncodingAttr mlir::triton::gpu::parseCGALayout(AsmParser &parser,
                                                  Attribute attr,
                                                  unsigned rank) {
  if (!attr)
    return CGAEncodingAttr::getDefault(parser.getContext(), rank);
  auto bases = readBases(attr);
  if (!bases || llvm::any_of(*bases, [&](const auto &basis) {
        return basis.size() != rank;
      })) {
    parser.emitError(parser.getNameLoc(),
                     "expected 'CGALayout' to be a list of bases with one "
                     "coordinate for each of ")
        << rank << " dimensions";
    return {};
  }
  std::string error;
  auto layout = LinearLayout::get({{"block", std::move(*bases)}},
                                  standardOutDimNames(rank), &error);
  if (!layout) {
    parser.emitError(parser.getNameLoc(), "invalid 'CGALayout': ") << error;
    return {};
  }
  if (!layout->isSurjective()) {
    parser.emitError(parser.getNameLoc(),
                     "expected 'CGALayout' to reach every part of the tensor");
    return {};
  }
  return CGAEncodingAttr::get(parser.getContext(), *layout);
}

void mlir::triton::gpu::printCGALayout(AsmPrinter &printer,
                                       CGAEncodingAttr layout) {
  if (layout ==
      CGAEncodingAttr::getDefault(layout.getContext(), layout.getRank()))
    return;
  printer << ", CGALayout = ";
  printBases(printer, layout.getLinearLayout().getBases("block"));
}

void text::printList(AsmPrinter &printer, ArrayRef<unsigned> values) {
  printer << '[';
  llvm::interleaveComma(values, printer);
  printer << ']';
}

void text::printBases(AsmPrinter &printer,
                      ArrayRef<LinearLayout::Basis> bases) {
  printer << '[';
  llvm::interleaveComma(bases, printer, [&](const LinearLayout::Basis &basis) {
    printer << '[';
    llvm::interleaveComma(basis, printer);
    printer << ']';
  });
  printer << ']';
}

bool text::isPermutation(ArrayRef<unsigned> order) {
  llvm::SmallBitVector seen(order.size());
  for (unsigned dim : order) {
    if (dim >= order.size() || seen.test(dim))
      return false;
    seen.set(dim);
  }
  return true;
}
