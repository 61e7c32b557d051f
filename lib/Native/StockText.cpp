//===- StockText.cpp - text of stock's LLVM that ours cannot read ---------===//

#include "StockText.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Regex.h"

using namespace llvm;

namespace {

/// The barrier of `line` in generic form, or `line` itself.
std::string readableBarrier(StringRef line) {
  // A number of threads needs an id.
  static const Regex *form = new Regex(
      "^( *)nvvm\\.barrier( id = (%[^ ]+)( number_of_threads = (%[^ ]+))?)?"
      "( loc\\(.*)$");
  SmallVector<StringRef> parts;
  if (!form->match(line, &parts))
    return line.str();
  std::string operands = parts[3].str(), types, segments = "0, 0";
  if (!parts[5].empty()) {
    operands += ", " + parts[5].str();
    types = "i32, i32";
    segments = "1, 1";
  } else if (!parts[3].empty()) {
    types = "i32";
    segments = "1, 0";
  }
  return parts[1].str() + "\"nvvm.barrier\"(" + operands +
         ") <{operandSegmentSizes = array<i32: " + segments + ", 0>}> : (" +
         types + ") -> ()" + parts[6].str();
}

/// The call of `line` without its void result, or `line` itself.
std::string readableCall(StringRef line) {
  static const Regex *form = new Regex(
      "^( *)%[^ ]+ = (llvm\\.call_intrinsic .*) -> !llvm\\.void(.*)$");
  SmallVector<StringRef> parts;
  if (!form->match(line, &parts))
    return line.str();
  return parts[1].str() + parts[2].str() + " -> ()" + parts[3].str();
}

} // namespace

std::string mlir::triton::makeStockTextReadable(StringRef text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    if (line.contains("nvvm.barrier "))
      result += readableBarrier(line);
    else if (line.contains("llvm.call_intrinsic") &&
             line.contains("-> !llvm.void"))
      result += readableCall(line);
    else
      result += line;
    if (line.size() < text.size())
      result += '\n';
    text = rest;
  }
  return result;
}
