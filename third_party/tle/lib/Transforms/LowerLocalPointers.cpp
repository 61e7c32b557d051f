//===- LowerLocalPointers.cpp - local pointers become addresses -----------===//
//
// Precondition:  tle.local_pointers and what is made of them, typed as pointers
//                into address space 3.
// Rewrite:       pointers ==> i32 shared addresses, swizzle included;
//                tt.load, tt.store, atomics ==> inline PTX on them.
// Postcondition: no tle.local_pointers, no value of a local pointer type;
//                buffers so accessed live to the end of the block that
//                allocates them.
//
//===----------------------------------------------------------------------===//

#include "LocalAccessPTX.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/SharedOffsetMap.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLELOWERLOCALPOINTERS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// `type` with i32 in place of its pointers.
static Type getAddressType(Type type) {
  Type i32 = IntegerType::get(type.getContext(), 32);
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return RankedTensorType::get(tensor.getShape(), i32, tensor.getEncoding());
  return i32;
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

namespace {

/// Coordinates in the buffer at the bottom of a chain of static views.
struct RootCoordinates {
  Value root;
  /// For each dimension of the root: the index operand it comes from, and what
  /// the views add.
  SmallVector<unsigned> source;
  SmallVector<int64_t> offset;
};

/// Builds the address arithmetic for one tle.local_pointers.
class AddressBuilder {
public:
  /// `kept`: buffers that are known to live long enough.
  AddressBuilder(LocalPointersOp op, DenseSet<Value> &kept)
      : op(op), kept(kept), builder(op), loc(op.getLoc()),
        type(getAddressType(op.getResult().getType())) {}

  FailureOr<Value> build() {
    FailureOr<RootCoordinates> coordinates = getRootCoordinates();
    if (failed(coordinates))
      return failure();
    auto rootType = cast<ttg::MemDescType>(coordinates->root.getType());
    auto emitError = [&] { return op.emitError() << "a local pointer "; };
    FailureOr<SharedOffsetMap> map = SharedOffsetMap::get(rootType, emitError);
    if (failed(map))
      return failure();

    SmallVector<Value> indices = getIndices();
    SmallVector<Value> inRoot;
    for (auto [source, offset] :
         llvm::zip_equal(coordinates->source, coordinates->offset))
      inRoot.push_back(offset ? add(indices[source], constant(offset))
                              : indices[source]);

    Value offset;
    unsigned bytes = getElementBitWidth(rootType.getElementType()) / 8;
    int scale = llvm::Log2_32(bytes);
    for (const SharedOffsetMap::Term &term : map->getTerms()) {
      Value bits = arith::AndIOp::create(builder, loc, inRoot[term.dim],
                                         constant(term.mask));
      int shift = term.shift + scale;
      if (shift > 0)
        bits = arith::ShLIOp::create(builder, loc, bits, constant(shift));
      else if (shift < 0)
        bits = arith::ShRUIOp::create(builder, loc, bits, constant(-shift));
      offset =
          offset ? arith::XOrIOp::create(builder, loc, offset, bits).getResult()
                 : bits;
    }

    Value base = UnrealizedConversionCastOp::create(
                     builder, loc, builder.getI32Type(), coordinates->root)
                     .getResult(0);
    if (kept.insert(coordinates->root).second)
      keepBufferAlive(coordinates->root, op);
    if (isa<RankedTensorType>(type))
      base = SplatOp::create(builder, loc, type, base);
    return offset ? add(base, offset) : base;
  }

private:
  FailureOr<RootCoordinates> getRootCoordinates() {
    Value memdesc = op.getBuffer();
    unsigned rank = cast<ttg::MemDescType>(memdesc.getType()).getRank();
    RootCoordinates result;
    result.source = llvm::to_vector(llvm::seq<unsigned>(0, rank));
    result.offset.assign(rank, 0);
    auto permute = [&](ArrayRef<int32_t> order) {
      SmallVector<unsigned> source(rank);
      SmallVector<int64_t> offset(rank);
      for (auto [to, from] : llvm::enumerate(order)) {
        source[from] = result.source[to];
        offset[from] = result.offset[to];
      }
      result.source = source;
      result.offset = offset;
    };
    while (Operation *def = memdesc.getDefiningOp()) {
      if (auto subslice = dyn_cast<ttg::MemDescSubsliceOp>(def)) {
        for (auto [offset, more] :
             llvm::zip_equal(result.offset, subslice.getOffsets()))
          offset += more;
      } else if (auto trans = dyn_cast<ttg::MemDescTransOp>(def)) {
        permute(trans.getOrder());
      } else if (auto view = dyn_cast<MemDescWGMMAViewOp>(def)) {
        permute(view.getOrder());
      } else {
        break;
      }
      memdesc = def->getOperand(0);
    }
    result.root = memdesc;
    auto type = cast<ttg::MemDescType>(memdesc.getType());
    if (type.getAllocShape().take_back(rank) != type.getShape())
      return op.emitError() << "cannot tell where in its allocation the buffer "
                               "of a local pointer lies: it is "
                            << type
                            << " and comes from a loop, a branch or a "
                               "function; take the pointers of the slice where "
                            << "the slice is made";
    return result;
  }

  /// The index operands, or for a full view each dimension's own positions.
  SmallVector<Value> getIndices() {
    if (!op.getIndices().empty())
      return llvm::to_vector(op.getIndices());
    SmallVector<Value> indices;
    for (int64_t dim = 0, rank = cast<RankedTensorType>(type).getRank();
         dim < rank; ++dim)
      indices.push_back(
          createPositions(builder, loc, cast<RankedTensorType>(type), dim));
    return indices;
  }

  Value constant(int64_t value) {
    TypedAttr attr = builder.getI32IntegerAttr(static_cast<int32_t>(value));
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      attr = DenseElementsAttr::get(
          tensor, llvm::APInt(32, static_cast<uint32_t>(value)));
    return arith::ConstantOp::create(builder, loc, attr);
  }

  Value add(Value lhs, Value rhs) {
    return arith::AddIOp::create(builder, loc, lhs, rhs);
  }

  LocalPointersOp op;
  DenseSet<Value> &kept;
  OpBuilder builder;
  Location loc;
  Type type;
};

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

class LowerLocalPointersPass
    : public triton::tle::impl::TLELowerLocalPointersBase<
          LowerLocalPointersPass> {
public:
  void runOnOperation() override {
    collect();
    if (failed(verifyUses()))
      return signalPassFailure();

    bool failedAny = false;
    for (Operation *access : accesses)
      failedAny |= failed(lowerLocalAccess(access));
    if (failedAny)
      return signalPassFailure();

    // From here on pointers are integers: what passes them on takes any type,
    // what computes with them is replaced.
    for (Value pointer : pointers)
      pointer.setType(getAddressType(pointer.getType()));
    for (AddPtrOp sum : sums)
      lowerAddPtr(sum);
    for (Operation *cast : casts)
      lowerCast(cast);
    for (FuncOp function : getOperation().getOps<FuncOp>())
      updateFunctionType(function);
    DenseSet<Value> kept;
    for (LocalPointersOp op : origins) {
      FailureOr<Value> address = AddressBuilder(op, kept).build();
      if (failed(address)) {
        failedAny = true;
        continue;
      }
      op.getResult().replaceAllUsesWith(*address);
      op.erase();
    }
    if (failedAny)
      signalPassFailure();
  }

private:
  void collect() {
    getOperation()->walk([&](Operation *op) {
      auto note = [&](Value value) {
        if (!isLocalPointerLike(value.getType()))
          return;
        pointers.push_back(value);
        auto sum = value.getDefiningOp<AddPtrOp>();
        Type pointee = getElementTypeOrSelf(
            getPointerTypeOrNull(value.getType()).getPointeeType());
        if (sum && isa<IntegerType, FloatType, PointerType>(pointee))
          pointeeBytes[sum] = getElementBitWidth(pointee) / 8;
      };
      llvm::for_each(op->getResults(), note);
      for (Region &region : op->getRegions())
        for (Block &block : region)
          llvm::for_each(block.getArguments(), note);

      if (auto origin = dyn_cast<LocalPointersOp>(op))
        origins.push_back(origin);
      bool takesPointer = op->getNumOperands() &&
                          isLocalPointerLike(op->getOperand(0).getType());
      if (!takesPointer)
        return;
      if (isa<LoadOp, StoreOp, AtomicRMWOp, AtomicCASOp>(op))
        accesses.push_back(op);
      else if (auto sum = dyn_cast<AddPtrOp>(op))
        sums.push_back(sum);
      else if (isa<BitcastOp, PtrToIntOp>(op))
        casts.push_back(op);
    });
  }

  /// Every op that takes a local pointer is one that this pass knows.
  LogicalResult verifyUses() {
    bool failedAny = false;
    for (Value pointer : pointers)
      for (Operation *user : pointer.getUsers()) {
        bool isKnown =
            isa<LoadOp, StoreOp, AtomicRMWOp, AtomicCASOp, AddPtrOp, BitcastOp,
                PtrToIntOp, SplatOp, UnsplatOp, BroadcastOp, ExpandDimsOp,
                ReshapeOp, TransOp, CatOp, JoinOp, SplitOp,
                ttg::ConvertLayoutOp, arith::SelectOp, scf::ForOp, scf::IfOp,
                scf::WhileOp, scf::ConditionOp, scf::YieldOp, CallOp, ReturnOp>(
                user) ||
            isa<BranchOpInterface>(user);
        if (!isKnown) {
          user->emitError()
              << user->getName() << " takes no pointers into shared memory";
          failedAny = true;
        }
      }
    for (AddPtrOp sum : sums)
      failedAny |= failed(verifyAddPtr(sum));
    return failure(failedAny);
  }

  /// Neighbours in memory are neighbours in the buffer without a swizzle only.
  LogicalResult verifyAddPtr(AddPtrOp sum) {
    if (!pointeeBytes.contains(sum))
      return sum.emitError()
             << "an offset is added to " << sum.getType()
             << ", but there are no elements of this type in shared memory";
    if (allPlain)
      return success();
    llvm::SetVector<Value> chain;
    chain.insert(sum.getPtr());
    SmallVector<LocalPointersOp> possible;
    for (unsigned next = 0; next < chain.size(); ++next) {
      if (plain.contains(chain[next]))
        continue;
      if (auto origin = chain[next].getDefiningOp<LocalPointersOp>()) {
        possible.push_back(origin);
      } else if (!addSources(chain[next], chain)) {
        allPlain = succeeded(verifyUnswizzled(sum, origins));
        return success(allPlain);
      }
    }
    if (failed(verifyUnswizzled(sum, possible)))
      return failure();
    plain.insert_range(chain);
    return success();
  }

  /// Adds the pointers that `pointer` may be or be made of; false if they are
  /// not known.
  static bool addSources(Value pointer, llvm::SetVector<Value> &sources) {
    if (auto argument = dyn_cast<BlockArgument>(pointer)) {
      auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
      if (!loop)
        return false;
      sources.insert(loop.getTiedLoopInit(argument)->get());
      sources.insert(loop.getTiedLoopYieldedValue(argument)->get());
      return true;
    }
    Operation *def = pointer.getDefiningOp();
    if (auto loop = dyn_cast<scf::ForOp>(def)) {
      sources.insert(loop.getTiedLoopRegionIterArg(cast<OpResult>(pointer)));
      return true;
    }
    if (auto branch = dyn_cast<scf::IfOp>(def)) {
      unsigned position = cast<OpResult>(pointer).getResultNumber();
      sources.insert(branch.thenYield().getOperand(position));
      sources.insert(branch.elseYield().getOperand(position));
      return true;
    }
    if (!isa<AddPtrOp, BitcastOp, SplatOp, UnsplatOp, BroadcastOp, ExpandDimsOp,
             ReshapeOp, TransOp, CatOp, JoinOp, SplitOp, arith::SelectOp,
             ttg::ConvertLayoutOp>(def))
      return false;
    for (Value operand : def->getOperands())
      if (isLocalPointerLike(operand.getType()))
        sources.insert(operand);
    return true;
  }

  static LogicalResult verifyUnswizzled(AddPtrOp sum,
                                        ArrayRef<LocalPointersOp> possible) {
    for (LocalPointersOp origin : possible) {
      auto buffer = cast<ttg::MemDescType>(origin.getBuffer().getType());
      FailureOr<SharedOffsetMap> map = SharedOffsetMap::get(buffer);
      if (failed(map) || map->isSwizzled()) {
        InFlightDiagnostic error =
            sum.emitError()
            << "an offset added to a local pointer does not lead to a "
               "neighbour of its element: the "
            << "buffer's layout is swizzled; index the buffer instead";
        error.attachNote(origin.getLoc())
            << "the pointer is made here, of " << buffer;
        return error;
      }
    }
    return success();
  }

  void lowerAddPtr(AddPtrOp sum) {
    OpBuilder builder(sum);
    Location loc = sum.getLoc();
    Type type = sum.getResult().getType();
    Value offset = sum.getOffset();
    unsigned width =
        getElementTypeOrSelf(offset.getType()).getIntOrFloatBitWidth();
    if (width > 32)
      offset = arith::TruncIOp::create(builder, loc, type, offset);
    else if (width < 32)
      offset = arith::ExtSIOp::create(builder, loc, type, offset);
    TypedAttr bytes = builder.getI32IntegerAttr(pointeeBytes.lookup(sum));
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      bytes = DenseElementsAttr::get(tensor,
                                     llvm::APInt(32, pointeeBytes.lookup(sum)));
    Value scaled = arith::MulIOp::create(
        builder, loc, offset, arith::ConstantOp::create(builder, loc, bytes));
    sum.getResult().replaceAllUsesWith(
        arith::AddIOp::create(builder, loc, sum.getPtr(), scaled).getResult());
    sum.erase();
  }

  void lowerCast(Operation *cast) {
    OpBuilder builder(cast);
    Value address = cast->getOperand(0);
    if (isa<PtrToIntOp>(cast) &&
        cast->getResult(0).getType() != address.getType())
      address = arith::ExtUIOp::create(builder, cast->getLoc(),
                                       cast->getResult(0).getType(), address);
    cast->getResult(0).replaceAllUsesWith(address);
    cast->erase();
  }

  static void updateFunctionType(FuncOp function) {
    auto toAddress = [](Type type) {
      return isLocalPointerLike(type) ? getAddressType(type) : type;
    };
    FunctionType type = function.getFunctionType();
    auto inputs = llvm::map_to_vector(type.getInputs(), toAddress);
    auto results = llvm::map_to_vector(type.getResults(), toAddress);
    function.setType(FunctionType::get(function.getContext(), inputs, results));
  }

  SmallVector<Value> pointers;
  SmallVector<LocalPointersOp> origins;
  SmallVector<Operation *> accesses;
  SmallVector<AddPtrOp> sums;
  SmallVector<Operation *> casts;
  DenseMap<Operation *, unsigned> pointeeBytes;
  /// Pointers, or all of them, that come from no swizzled buffer.
  DenseSet<Value> plain;
  bool allPlain = false;
};

} // namespace
