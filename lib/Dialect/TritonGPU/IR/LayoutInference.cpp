//===- LayoutInference.cpp - which layouts ops of tt lead to --------------===//

#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

namespace {

CGAEncodingAttr cgaFromBases(MLIRContext *context,
                             std::vector<LinearLayout::Basis> bases,
                             unsigned rank) {
  return CGAEncodingAttr::get(context,
                              *LinearLayout::get({{"block", std::move(bases)}},
                                                 standardOutDimNames(rank)));
}

/// Entry i of the result is entry order[i] of `values`.
template <typename T>
SmallVector<T> permute(ArrayRef<T> values, ArrayRef<int32_t> order) {
  return llvm::map_to_vector(order, [&](int32_t dim) { return values[dim]; });
}

CGAEncodingAttr permute(CGAEncodingAttr cga, ArrayRef<int32_t> order) {
  std::vector<LinearLayout::Basis> bases;
  for (const LinearLayout::Basis &basis :
       cga.getLinearLayout().getBases("block")) {
    auto permuted = permute(ArrayRef<int32_t>(basis), order);
    bases.emplace_back(permuted.begin(), permuted.end());
  }
  return cgaFromBases(cga.getContext(), std::move(bases), order.size());
}

/// Dimensions from the fastest, once dimension order[i] is called i.
SmallVector<unsigned> permuteOrder(ArrayRef<unsigned> dims,
                                   ArrayRef<int32_t> order) {
  return llvm::map_to_vector(dims, [&](unsigned dim) {
    return unsigned(llvm::find(order, int32_t(dim)) - order.begin());
  });
}

LinearLayout permuteOuts(const LinearLayout &layout, ArrayRef<int32_t> order) {
  SmallVector<std::string> names = standardOutDimNames(order.size());
  return layout.transposeOuts(permute(ArrayRef<std::string>(names), order))
      .renameOuts(names);
}

/// Rows are walked last dimension first, linear layouts name the fastest first.
LinearLayout reshapeRowMajor(const LinearLayout &layout,
                             ArrayRef<int64_t> shape) {
  SmallVector<std::string> before = standardOutDimNames(layout.getNumOutDims());
  std::reverse(before.begin(), before.end());
  SmallVector<std::string> after = standardOutDimNames(shape.size());
  SmallVector<LinearLayout::OutDim> outs;
  for (unsigned dim = shape.size(); dim-- > 0;)
    outs.push_back({after[dim], int32_t(shape[dim])});
  return layout.transposeOuts(before).reshapeOuts(outs).transposeOuts(after);
}

//===----------------------------------------------------------------------===//
// Reshape of a blocked layout to a blocked layout
//===----------------------------------------------------------------------===//

/// Cuts both shapes into the smallest runs of dimensions with equal products.
SmallVector<std::pair<SmallVector<unsigned>, SmallVector<unsigned>>>
matchDims(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  SmallVector<std::pair<SmallVector<unsigned>, SmallVector<unsigned>>> groups;
  size_t i = 0, j = 0;
  while (i < from.size() || j < to.size()) {
    auto &[fromDims, toDims] = groups.emplace_back();
    int64_t fromSize = 1, toSize = 1;
    if (i < from.size())
      fromSize *= from[i], fromDims.push_back(i++);
    if (j < to.size())
      toSize *= to[j], toDims.push_back(j++);
    while (fromSize != toSize &&
           (fromSize < toSize ? i < from.size() : j < to.size())) {
      if (fromSize < toSize)
        fromSize *= from[i], fromDims.push_back(i++);
      else
        toSize *= to[j], toDims.push_back(j++);
    }
    // What is left over are dimensions of one element.
    while (j == to.size() && i < from.size() && from[i] == 1)
      fromDims.push_back(i++);
    while (i == from.size() && j < to.size() && to[j] == 1)
      toDims.push_back(j++);
  }
  return groups;
}

/// The blocked layout that fills the new dimensions with the threads of the old
/// ones, fastest first. It need not be the layout of the reshaped tensor.
BlockedEncodingAttr reshapeBlocked(BlockedEncodingAttr from,
                                   ArrayRef<int64_t> fromShape,
                                   ArrayRef<int64_t> toShape) {
  MLIRContext *context = from.getContext();
  auto product = [](ArrayRef<unsigned> values) {
    return llvm::product_of(values);
  };
  unsigned numWarps = product(from.getWarpsPerCTA()),
           threads = product(from.getThreadsPerWarp());
  unsigned numCTAs = from.getCGALayout().getNumCTAs();
  if (from ==
      getDefaultBlockedEncoding(context, fromShape, numWarps, threads, numCTAs))
    return getDefaultBlockedEncoding(context, toShape, numWarps, threads,
                                     numCTAs);
  if (numCTAs != 1)
    return {};

  auto groups = matchDims(fromShape, toShape);
  if (llvm::any_of(groups, [](auto &group) {
        return group.first.empty() || group.second.empty();
      }))
    return {};
  SmallVector<int64_t> left(toShape);
  auto spread = [&](ArrayRef<unsigned> subblock) {
    SmallVector<unsigned> result(toShape.size(), 1);
    for (auto &[fromDims, toDims] : groups) {
      int64_t rest = 1;
      for (unsigned dim : fromDims)
        rest *= subblock[dim];
      for (unsigned dim : llvm::reverse(toDims)) {
        int64_t here = std::min(rest, left[dim]);
        if (left[dim] % here != 0)
          here = 1;
        result[dim] = here;
        rest /= here;
        left[dim] /= here;
      }
      result[toDims.front()] *= rest;
    }
    return result;
  };
  SmallVector<unsigned> perThread = spread(from.getSizePerThread());
  SmallVector<unsigned> lanes = spread(from.getThreadsPerWarp());
  SmallVector<unsigned> warps = spread(from.getWarpsPerCTA());

  auto rankInOrder = [&](unsigned dim) {
    return llvm::find(from.getOrder(), dim) - from.getOrder().begin();
  };
  llvm::sort(groups, [&](auto &lhs, auto &rhs) {
    return rankInOrder(lhs.first.front()) < rankInOrder(rhs.first.front());
  });
  SmallVector<unsigned> order;
  for (auto &[fromDims, toDims] : groups)
    order.append(toDims.rbegin(), toDims.rend());
  return BlockedEncodingAttr::get(
      context, perThread, lanes, warps, order,
      CGAEncodingAttr::getDefault(context, toShape.size()));
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

struct TritonGPUInferLayoutInterface : public DialectInferLayoutInterface {
  using DialectInferLayoutInterface::DialectInferLayoutInterface;

  LogicalResult
  inferTransOpEncoding(Attribute srcEncoding, ArrayRef<int64_t> srcShape,
                       ArrayRef<int32_t> order, Attribute &resultEncoding,
                       std::optional<Location> loc) const override {
    auto layout = dyn_cast<LayoutEncodingTrait>(srcEncoding);
    if (!layout || layout.getRank() != order.size())
      return emitOptionalError(loc, "a transposition of rank ", order.size(),
                               " does not apply to layout ", srcEncoding);
    if (llvm::is_sorted(order)) {
      resultEncoding = srcEncoding;
      return success();
    }
    MLIRContext *context = getContext();
    resultEncoding =
        llvm::TypeSwitch<Attribute, Attribute>(srcEncoding)
            .Case<BlockedEncodingAttr>([&](auto blocked) {
              return BlockedEncodingAttr::get(
                  context, permute(blocked.getSizePerThread(), order),
                  permute(blocked.getThreadsPerWarp(), order),
                  permute(blocked.getWarpsPerCTA(), order),
                  permuteOrder(blocked.getOrder(), order),
                  permute(blocked.getCGALayout(), order));
            })
            .Case<SwizzledSharedEncodingAttr, AMDRotatingSharedEncodingAttr>(
                [&](auto swizzled) {
                  using LayoutAttr = decltype(swizzled);
                  return LayoutAttr::get(
                      context, swizzled.getVec(), swizzled.getPerPhase(),
                      swizzled.getMaxPhase(),
                      permuteOrder(swizzled.getOrder(), order),
                      permute(swizzled.getCGALayout(), order));
                })
            .Case<NVMMASharedEncodingAttr>([&](auto nvmma) -> Attribute {
              // Only a full turn stays what TMA and WGMMA understand.
              if (order.size() != 2)
                return {};
              return NVMMASharedEncodingAttr::get(
                  context, nvmma.getSwizzlingByteWidth(),
                  !nvmma.getTransposed(), nvmma.getElementBitWidth(),
                  nvmma.getFp4Padded(), permute(nvmma.getCGALayout(), order));
            })
            .Case<PaddedSharedEncodingAttr>([&](auto padded) {
              return PaddedSharedEncodingAttr::get(
                  context, padded.getIntervals(), padded.getPaddings(),
                  permuteOuts(padded.getLinearComponent(), order));
            })
            .Case<SharedLinearEncodingAttr>([&](auto linear) {
              return SharedLinearEncodingAttr::get(
                  context, permuteOuts(linear.getLinearLayout(), order),
                  linear.getLayoutAlignment());
            })
            .Default([](Attribute) { return Attribute(); });
    if (resultEncoding)
      return success();
    auto linear = toLinearLayout(srcShape, srcEncoding);
    if (failed(linear))
      return emitOptionalError(loc, "cannot transpose layout ", srcEncoding);
    resultEncoding = wrap(srcEncoding, permuteOuts(*linear, order));
    return success();
  }

  LogicalResult
  inferReduceOpEncoding(Attribute srcEncoding, unsigned axis,
                        Attribute &resultEncoding,
                        std::optional<Location> loc) const override {
    auto parent = dyn_cast<DistributedEncodingTrait>(srcEncoding);
    if (!parent || axis >= cast<LayoutEncodingTrait>(srcEncoding).getRank())
      return emitOptionalError(loc, "dimension ", axis,
                               " cannot be reduced in layout ", srcEncoding);
    resultEncoding =
        cast<LayoutEncodingTrait>(srcEncoding).getRank() == 1
            ? Attribute()
            : Attribute(SliceEncodingAttr::get(getContext(), axis, parent));
    return success();
  }

  LogicalResult
  inferExpandDimsOpEncoding(Attribute srcEncoding, unsigned axis,
                            Attribute &resultEncoding,
                            std::optional<Location> loc) const override {
    auto slice = dyn_cast<SliceEncodingAttr>(srcEncoding);
    if (!slice)
      return emitOptionalError(
          loc, "ExpandDimsOp operand encoding must be SliceEncodingAttr");
    if (slice.getDim() != axis)
      return emitOptionalError(
          loc,
          "Incompatible slice dimension for ExpandDimsOp operand: slice of ",
          slice.getDim(), ", axis ", axis);
    resultEncoding = slice.getParent();
    return success();
  }

  LogicalResult inferDotOpEncoding(Attribute srcEncoding, unsigned operandIndex,
                                   Attribute resultEncoding,
                                   std::optional<Location> loc) const override {
    auto operand = dyn_cast<DotOperandEncodingAttr>(srcEncoding);
    if (!operand) {
      auto mma = dyn_cast<NvidiaMmaEncodingAttr>(resultEncoding);
      if (mma && mma.isHopper() && isa<SharedEncodingTrait>(srcEncoding))
        return success();
      return emitOptionalError(
          loc, "Dot's a/b's encoding should be of DotOperandEncodingAttr, got ",
          srcEncoding);
    }
    if (operand.getOpIdx() != operandIndex)
      return emitOptionalError(loc, "Wrong opIdx: operand ", operandIndex,
                               " has a layout for operand ",
                               operand.getOpIdx());
    if (operand.getParent() != resultEncoding)
      return emitOptionalError(loc, "Incompatible parent encoding of operand ",
                               operandIndex, ": ", operand.getParent(),
                               " is not the layout of the result, ",
                               resultEncoding);
    return success();
  }

  LogicalResult
  verifyDotOpEncodingCompatibility(Operation *op, Attribute encodingA,
                                   Attribute encodingB) const override {
    auto a = dyn_cast_or_null<DotOperandEncodingAttr>(encodingA);
    auto b = dyn_cast_or_null<DotOperandEncodingAttr>(encodingB);
    if (!a && !b)
      return success();
    auto mma = a ? dyn_cast<NvidiaMmaEncodingAttr>(a.getParent())
                 : NvidiaMmaEncodingAttr();
    if (mma && mma.isHopper())
      return success();
    if (!a || !b)
      return op->emitError("mismatching encoding between A and B operands");
    if (mma && a.getKWidth() != b.getKWidth())
      return op->emitError("mismatching kWidth between A and B operands: ")
             << a.getKWidth() << " and " << b.getKWidth();
    return success();
  }

  LogicalResult
  inferReshapeOpEncoding(ArrayRef<int64_t> srcShape, Attribute srcEncoding,
                         ArrayRef<int64_t> resultShape,
                         Attribute &resultEncoding,
                         std::optional<Location> loc) const override {
    if (srcShape == resultShape) {
      if (!resultEncoding ||
          !areLayoutsEquivalent(resultShape, resultEncoding, srcEncoding))
        resultEncoding = srcEncoding;
      return success();
    }
    if (llvm::product_of(srcShape) != llvm::product_of(resultShape))
      return emitOptionalError(
          loc, "number of src and dst elements of reshape must be the same");
    auto linear = toLinearLayout(srcShape, srcEncoding);
    if (failed(linear))
      return emitOptionalError(loc, "cannot reshape layout ", srcEncoding);
    LinearLayout reshaped = reshapeRowMajor(*linear, resultShape);
    auto isReshaped = [&](Attribute candidate) {
      auto map = candidate ? toLinearLayout(resultShape, candidate)
                           : FailureOr<LinearLayout>(failure());
      return succeeded(map) && *map == reshaped;
    };
    if (isReshaped(resultEncoding))
      return success();
    if (auto blocked = dyn_cast<BlockedEncodingAttr>(srcEncoding))
      if (BlockedEncodingAttr candidate =
              reshapeBlocked(blocked, srcShape, resultShape);
          isReshaped(candidate)) {
        resultEncoding = candidate;
        return success();
      }
    resultEncoding = wrap(srcEncoding, reshaped);
    return success();
  }

  LogicalResult
  inferDefaultJoinOpEncoding(Attribute srcEncoding, Attribute &resultEncoding,
                             ArrayRef<int64_t> shape,
                             std::optional<Location> loc) const override {
    unsigned rank = shape.size();
    SmallVector<int64_t> joined(shape);
    joined.push_back(2);
    if (auto slice = dyn_cast<SliceEncodingAttr>(srcEncoding);
        slice && slice.getDim() == rank) {
      Attribute parent = slice.getParent(), half;
      if (succeeded(inferSplitOpEncoding(parent, half, joined, std::nullopt)) &&
          areLayoutsEquivalent(shape, half, srcEncoding)) {
        resultEncoding = parent;
        return success();
      }
    }
    if (auto blocked = dyn_cast<BlockedEncodingAttr>(srcEncoding)) {
      auto with = [](ArrayRef<unsigned> values, unsigned last) {
        SmallVector<unsigned> result(values);
        result.push_back(last);
        return result;
      };
      SmallVector<unsigned> order(blocked.getOrder());
      order.insert(order.begin(), rank);
      std::vector<LinearLayout::Basis> bases;
      for (LinearLayout::Basis basis :
           blocked.getCGALayout().getLinearLayout().getBases("block")) {
        basis.push_back(0);
        bases.push_back(std::move(basis));
      }
      resultEncoding = BlockedEncodingAttr::get(
          getContext(), with(blocked.getSizePerThread(), 2),
          with(blocked.getThreadsPerWarp(), 1),
          with(blocked.getWarpsPerCTA(), 1), order,
          cgaFromBases(getContext(), std::move(bases), rank + 1));
      return success();
    }
    auto linear = toLinearLayout(shape, srcEncoding);
    if (failed(linear))
      return emitOptionalError(loc, "cannot join tensors of layout ",
                               srcEncoding);
    SmallVector<std::string> names = standardOutDimNames(rank + 1);
    LinearLayout result =
        LinearLayout::identity1D(2, "register", names.back()) * *linear;
    resultEncoding = wrap(srcEncoding, result.transposeOuts(names));
    return success();
  }

  LogicalResult
  inferSplitOpEncoding(Attribute srcEncoding, Attribute &resultEncoding,
                       ArrayRef<int64_t> shape,
                       std::optional<Location> loc) const override {
    unsigned last = shape.size() - 1;
    auto blocked = dyn_cast<BlockedEncodingAttr>(srcEncoding);
    if (blocked && blocked.getSizePerThread()[last] == 2 &&
        blocked.getThreadsPerWarp()[last] == 1 &&
        blocked.getWarpsPerCTA()[last] == 1 &&
        blocked.getCGALayout().getCTAsPerCGA()[last] == 1 && last > 0) {
      auto without = [&](ArrayRef<unsigned> values) {
        return SmallVector<unsigned>(values.drop_back());
      };
      SmallVector<unsigned> order(blocked.getOrder());
      llvm::erase(order, last);
      std::vector<LinearLayout::Basis> bases;
      for (LinearLayout::Basis basis :
           blocked.getCGALayout().getLinearLayout().getBases("block")) {
        basis.pop_back();
        bases.push_back(std::move(basis));
      }
      resultEncoding = BlockedEncodingAttr::get(
          getContext(), without(blocked.getSizePerThread()),
          without(blocked.getThreadsPerWarp()),
          without(blocked.getWarpsPerCTA()), order,
          cgaFromBases(getContext(), std::move(bases), last));
      return success();
    }
    auto linear = toLinearLayout(shape, srcEncoding);
    if (failed(linear))
      return emitOptionalError(loc, "cannot split a tensor of layout ",
                               srcEncoding);
    // Both halves must lie in one thread: a register alone chooses between
    // them.
    std::vector<LinearLayout::InDim> ins(linear->getInDims().begin(),
                                         linear->getInDims().end());
    bool found = false;
    for (LinearLayout::InDim &in : ins) {
      auto chooses = [&](const LinearLayout::Basis &basis) {
        return basis.back() != 0;
      };
      unsigned count = llvm::count_if(in.bases, chooses);
      if (count != (in.name == "register" ? 1u : 0u))
        return emitOptionalError(loc,
                                 "SplitOp requires the two elements along the "
                                 "last dimension in one thread, "
                                 "which layout ",
                                 srcEncoding, " does not do");
      found |= count == 1;
      llvm::erase_if(in.bases, chooses);
      for (LinearLayout::Basis &basis : in.bases)
        basis.pop_back();
    }
    std::vector<LinearLayout::OutDim> outs(
        linear->getOutDims().drop_back().begin(),
        linear->getOutDims().drop_back().end());
    auto half = LinearLayout::get(std::move(ins), std::move(outs));
    if (!found || !half)
      return emitOptionalError(loc, "cannot split a tensor of layout ",
                               srcEncoding);
    resultEncoding = wrap(srcEncoding, *half);
    return success();
  }

  LogicalResult
  inferFp4ToFpOpEncoding(ArrayRef<int64_t> shape, int axis,
                         Attribute srcEncoding, Attribute &resultEncoding,
                         bool forward,
                         std::optional<Location> loc) const override {
    auto linear = toLinearLayout(shape, srcEncoding);
    if (failed(linear) || axis < 0 || axis >= int(shape.size()))
      return emitOptionalError(loc, "cannot unpack fp4 in layout ", srcEncoding,
                               " along dimension ", axis);
    if (auto blocked = dyn_cast<BlockedEncodingAttr>(srcEncoding)) {
      SmallVector<unsigned> perThread(blocked.getSizePerThread());
      if (forward || perThread[axis] % 2 == 0) {
        perThread[axis] = forward ? perThread[axis] * 2 : perThread[axis] / 2;
        resultEncoding = BlockedEncodingAttr::get(
            getContext(), perThread, blocked.getThreadsPerWarp(),
            blocked.getWarpsPerCTA(), blocked.getOrder(),
            blocked.getCGALayout());
        return success();
      }
    }
    // The two halves of a byte are neighbours in the registers of one thread.
    std::vector<LinearLayout::InDim> ins(linear->getInDims().begin(),
                                         linear->getInDims().end());
    std::vector<LinearLayout::OutDim> outs(linear->getOutDims().begin(),
                                           linear->getOutDims().end());
    LinearLayout::Basis neighbour(shape.size(), 0);
    neighbour[axis] = 1;
    outs[axis].size = forward ? outs[axis].size * 2 : outs[axis].size / 2;
    if (!forward) {
      auto &registers = ins.front().bases;
      auto it = llvm::find(registers, neighbour);
      if (it == registers.end())
        return emitOptionalError(loc, "layout ", srcEncoding,
                                 " does not hold neighbours along dimension ",
                                 axis, " in one thread");
      registers.erase(it);
    }
    for (LinearLayout::InDim &in : ins)
      for (LinearLayout::Basis &basis : in.bases)
        basis[axis] = forward ? basis[axis] * 2 : basis[axis] / 2;
    if (forward)
      ins.front().bases.insert(ins.front().bases.begin(), neighbour);
    auto result = LinearLayout::get(std::move(ins), std::move(outs));
    if (!result)
      return emitOptionalError(loc, "cannot unpack fp4 in layout ",
                               srcEncoding);
    resultEncoding = wrap(srcEncoding, *result);
    return success();
  }

  LogicalResult
  verifyLayoutsAreEqual(ArrayRef<int64_t> shape, Attribute expected,
                        Attribute actual,
                        std::optional<Location> loc) const override {
    if (areLayoutsEquivalent(shape, expected, actual))
      return success();
    return emitOptionalError(loc, "Expected result encoding ", expected,
                             " but was ", actual);
  }

private:
  /// A linear layout of the kind of `like`.
  Attribute wrap(Attribute like, const LinearLayout &layout) const {
    if (auto shared = dyn_cast<SharedEncodingTrait>(like))
      return SharedLinearEncodingAttr::get(getContext(), layout,
                                           shared.getAlignment());
    return LinearEncodingAttr::get(getContext(), layout);
  }
};

//===----------------------------------------------------------------------===//
// Do layouts fit the machine?
//===----------------------------------------------------------------------===//

struct Extent {
  unsigned lanes, warps;
};

/// How many lanes and warps a layout is for; nullopt where it does not say.
std::optional<Extent> getExtent(Attribute layout) {
  return llvm::TypeSwitch<Attribute, std::optional<Extent>>(layout)
      .Case<BlockedEncodingAttr>([](auto blocked) {
        return Extent{llvm::product_of(blocked.getThreadsPerWarp()),
                      llvm::product_of(blocked.getWarpsPerCTA())};
      })
      .Case<LinearEncodingAttr>([](auto linear) {
        return Extent{unsigned(linear.getLinearLayout().getInDimSize("lane")),
                      unsigned(linear.getLinearLayout().getInDimSize("warp"))};
      })
      .Case<NvidiaMmaEncodingAttr>([](auto mma) {
        return Extent{32, llvm::product_of(mma.getWarpsPerCTA())};
      })
      .Case<SliceEncodingAttr>(
          [](auto slice) { return getExtent(slice.getParent()); })
      .Case<DotOperandEncodingAttr>(
          [](auto operand) { return getExtent(operand.getParent()); })
      .Default([](Attribute) { return std::nullopt; });
}

struct TritonGPUVerifyTensorLayoutInterface
    : public DialectVerifyTensorLayoutInterface {
  using DialectVerifyTensorLayoutInterface::DialectVerifyTensorLayoutInterface;

  LogicalResult verifyTensorLayout(
      Attribute layout, RankedTensorType type, Operation *op,
      function_ref<InFlightDiagnostic()> emitError) const override {
    if (!isa<DistributedEncodingTrait>(layout))
      return emitError()
             << "Non-distributed layout is not allowed in tensor type.";
    auto trait = cast<LayoutEncodingTrait>(layout);
    if (trait.getRank() != type.getRank())
      return emitError() << "Layout has rank " << trait.getRank()
                         << ", but the tensor it's attached to has rank "
                         << type.getRank() << ".";
    auto module = op->getParentOfType<ModuleOp>();
    std::optional<Extent> extent = getExtent(layout);
    if (!module || !extent || !module->hasAttr(AttrNumWarpsName))
      return success();
    if (unsigned lanes = lookupThreadsPerWarp(op); extent->lanes != lanes)
      return emitError() << "Layout has " << extent->lanes
                         << " threads per warp, but the module specifies "
                         << lanes << " threads per warp.";
    if (std::optional<int> warps = maybeLookupNumWarps(op);
        warps && extent->warps != unsigned(*warps))
      return emitError() << "Layout has " << extent->warps
                         << " warps per CTA, but the context requires "
                         << *warps << " warps per CTA.";
    if (unsigned ctas = lookupNumCTAs(op); getNumCTAs(layout) != ctas)
      return emitError() << "Layout has " << getNumCTAs(layout)
                         << " CTAs per CGA, but the context requires " << ctas
                         << " CTAs per CGA.";
    return success();
  }

  LogicalResult
  verifyMemDescLayout(Type, Operation *,
                      function_ref<InFlightDiagnostic()>) const override {
    // The type's own verifier knows all there is to know.
    return success();
  }
};

} // namespace

void TritonGPUDialect::registerInterfaces() {
  addInterfaces<TritonGPUInferLayoutInterface,
                TritonGPUVerifyTensorLayoutInterface>();
}
