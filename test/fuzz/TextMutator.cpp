//===- TextMutator.cpp - changes modules as text --------------------------===//

#include "Mutators.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace mlir::triton::fuzz;

namespace {

bool isWord(char c) { return isAlnum(c) || c == '_' || c == '.'; }

/// The words of the text that `accepts` takes.
SmallVector<StringRef> getWords(StringRef text,
                                function_ref<bool(StringRef)> accepts) {
  SmallVector<StringRef> words;
  for (size_t i = 0; i < text.size();) {
    size_t begin = i;
    // What marks a name belongs to it.
    if (StringRef("%#!@").contains(text[i]))
      ++i;
    while (i < text.size() && isWord(text[i]))
      ++i;
    i = std::max(i, begin + 1);
    StringRef word = text.slice(begin, i);
    if (isWord(word.back()) && accepts(word))
      words.push_back(word);
  }
  return words;
}

bool isNumber(StringRef word) {
  return word.size() < 12 && llvm::all_of(word, isDigit);
}

/// Types and layouts by which others can stand.
bool isType(StringRef word) {
  static const StringSet<> known = {"f8E5M2", "f8E4M3FN", "f16", "bf16",
                                    "f32",    "f64",      "i1",  "i8",
                                    "i16",    "i32",      "i64", "index"};
  return known.contains(word) || word.front() == '#' || word.front() == '!';
}

bool isValue(StringRef word) { return word.front() == '%'; }
bool isOperation(StringRef word) {
  return isAlpha(word.front()) && word.contains('.');
}

/// `text` with `word`, which is part of it, or all words like it, replaced.
std::string replace(StringRef text, StringRef word, StringRef by,
                    bool everywhere) {
  if (!everywhere)
    return (text.take_front(word.data() - text.data()) + by +
            text.drop_front(word.data() - text.data() + word.size()))
        .str();
  std::string result;
  for (size_t i = 0; i < text.size();) {
    size_t at = text.find(word, i);
    if (at == StringRef::npos)
      return result + text.drop_front(i).str();
    result += text.slice(i, at);
    size_t end = at + word.size();
    // A dimension of a shape is followed by an x.
    bool whole = (at == 0 || !isWord(text[at - 1]) || text[at - 1] == 'x') &&
                 (end == text.size() || !isWord(text[end]) || text[end] == 'x');
    result += whole ? by : word;
    i = end;
  }
  return result;
}

SmallVector<StringRef> getLines(StringRef text) {
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  return lines;
}

std::string swapLike(StringRef text, function_ref<bool(StringRef)> accepts,
                     bool everywhere, Random &random) {
  SmallVector<StringRef> words = getWords(text, accepts);
  if (words.empty())
    return text.str();
  StringRef word = words[pick(random, words.size())];
  StringRef by = words[pick(random, words.size())];
  return replace(text, word, by, everywhere);
}

std::string changeNumber(StringRef text, Random &random) {
  // Numbers also stand in shapes: 64x128xf16 is one word.
  SmallVector<StringRef> numbers;
  for (StringRef word :
       getWords(text, [](StringRef word) { return isDigit(word.front()); })) {
    SmallVector<StringRef> parts;
    word.split(parts, 'x');
    for (StringRef part : parts)
      if (!part.empty() && isNumber(part))
        numbers.push_back(part);
  }
  if (numbers.empty())
    return text.str();
  StringRef number = numbers[pick(random, numbers.size())];
  int64_t old = 0;
  (void)number.getAsInteger(10, old);
  return replace(text, number, itostr(pickInteger(random, old)),
                 pick(random, 3) != 0);
}

std::string changeLine(StringRef text, Random &random) {
  SmallVector<StringRef> lines = getLines(text);
  size_t at = pick(random, lines.size()), other = pick(random, lines.size());
  switch (pick(random, 4)) {
  case 0:
    lines.erase(lines.begin() + at);
    break;
  case 1:
    lines.insert(lines.begin() + other, lines[at]);
    break;
  case 2:
    std::swap(lines[at], lines[other]);
    break;
  default:
    if (at + 1 < lines.size())
      std::swap(lines[at], lines[at + 1]);
  }
  return join(lines, "\n");
}

/// A type becomes one that the text may not have yet.
std::string changeType(StringRef text, Random &random) {
  static constexpr StringRef types[] = {"f16", "bf16",   "f32", "i8", "i32",
                                        "i64", "f8E5M2", "f64", "i1"};
  SmallVector<StringRef> present;
  for (StringRef type : types)
    if (text.contains(type))
      present.push_back(type);
  if (present.empty())
    return text.str();
  return replace(text, present[pick(random, present.size())],
                 types[pick(random, std::size(types))], true);
}

/// Tensors, all or those of one line, lose their layouts.
std::string dropLayouts(StringRef text, Random &random) {
  SmallVector<StringRef> lines = getLines(text);
  size_t only = pick(random, 2) ? pick(random, lines.size()) : lines.size();
  std::string result;
  for (auto [number, line] : enumerate(lines)) {
    bool drops = only == lines.size() || only == number;
    while (drops) {
      size_t tensor = line.find("tensor<");
      size_t comma = line.find(", #", tensor);
      size_t end = line.find('>', comma);
      if (tensor == StringRef::npos || end == StringRef::npos)
        break;
      // A layout that is spelled out ends behind the first bracket; what is
      // left of it does not parse.
      bool isOneType = line.slice(tensor + 7, comma).count('<') ==
                       line.slice(tensor + 7, comma).count('>');
      result += line.take_front(isOneType ? comma : end);
      line = line.drop_front(end);
    }
    result += line;
    result += '\n';
  }
  return result;
}

/// The functions of a module, from "tt.func" or "llvm.func" to the brace that
/// closes them.
SmallVector<StringRef> getFunctions(StringRef text) {
  SmallVector<StringRef> functions;
  for (size_t at = 0; (at = text.find("func ", at)) != StringRef::npos; ++at) {
    size_t begin = text.rfind('\n', at);
    begin = begin == StringRef::npos ? 0 : begin + 1;
    size_t end = text.find("\n  }\n", at);
    if (end == StringRef::npos)
      end = text.find("\n}\n", at);
    if (end == StringRef::npos)
      break;
    functions.push_back(text.slice(begin, text.find('\n', end + 1) + 1));
    at = end;
  }
  return functions;
}

} // namespace

std::string mlir::triton::fuzz::mutateText(StringRef text, Random &random) {
  std::string result = text.str();
  for (unsigned i = 0, n = 1 + pick(random, 3); i < n; ++i) {
    if (pick(random, 40) == 0) {
      result = dropLayouts(result, random);
      continue;
    }
    switch (pick(random, 8)) {
    case 0:
    case 1:
    case 2:
      result = changeNumber(result, random);
      break;
    case 3:
      result = changeType(result, random);
      break;
    case 4:
      result = swapLike(result, isType, pick(random, 2), random);
      break;
    case 5:
      result = swapLike(result, isValue, false, random);
      break;
    case 6:
      result = swapLike(result, isOperation, false, random);
      break;
    default:
      result = changeLine(result, random);
    }
  }
  return result;
}

std::string mlir::triton::fuzz::spliceText(StringRef text, StringRef other,
                                           Random &random) {
  SmallVector<StringRef> functions = getFunctions(other);
  size_t end = text.rfind("\n}");
  if (functions.empty() || end == StringRef::npos)
    return text.str();
  std::string aliases;
  for (StringRef line : getLines(other)) {
    StringRef name = line.take_until([](char c) { return c == ' '; });
    if (!name.empty() && (name.front() == '#' || name.front() == '!') &&
        !text.contains((name + " =").str()))
      aliases += (line + "\n").str();
  }
  return (aliases + text.take_front(end) + "\n" +
          functions[pick(random, functions.size())] + text.drop_front(end))
      .str();
}
