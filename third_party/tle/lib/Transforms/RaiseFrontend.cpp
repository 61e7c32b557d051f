//===- RaiseFrontend.cpp - calls of the frontend become tle ops -----------===//
//
// Precondition:  calls of private, bodiless tt.func with the attribute tle.op.
// Rewrite:       %r = tt.call @tle.x.0(%a) : (A) -> R
//                ==>  %r = "tle.x"(%a) : (A) -> R
// Postcondition: neither such calls nor such functions.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLERAISEFRONTEND
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

class RaiseFrontendPass
    : public triton::tle::impl::TLERaiseFrontendBase<RaiseFrontendPass> {
public:
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<FuncOp> declarations;
    bool failedAny = false;
    for (auto function : module.getOps<FuncOp>()) {
      auto name = function->getAttrOfType<StringAttr>(kFrontendOpAttr);
      if (!name)
        continue;
      if (!function.isDeclaration()) {
        function.emitError() << "function with attribute " << kFrontendOpAttr
                             << " stands for a TLE op, so it must have "
                             << "no body";
        failedAny = true;
        continue;
      }
      declarations.push_back(function);
      failedAny |= failed(raiseCalls(function, name.getValue()));
    }
    if (failedAny)
      return signalPassFailure();
    for (FuncOp declaration : declarations)
      declaration.erase();
  }

private:
  LogicalResult raiseCalls(FuncOp declaration, StringRef name) {
    std::optional<SymbolTable::UseRange> uses =
        SymbolTable::getSymbolUses(declaration, getOperation());
    if (!uses)
      return declaration.emitError(
          "uses of a TLE op's declaration are not known");
    bool failedAny = false;
    // A call may name its callee in another attribute, too.
    llvm::SetVector<Operation *> users;
    for (SymbolTable::SymbolUse use : *uses)
      users.insert(use.getUser());
    for (Operation *user : users) {
      auto call = dyn_cast<CallOp>(user);
      if (!call) {
        user->emitError() << "TLE op '" << name << "' can only be called";
        failedAny = true;
        continue;
      }
      failedAny |= failed(raiseCall(call, declaration, name));
    }
    return failure(failedAny);
  }

  LogicalResult raiseCall(CallOp call, FuncOp declaration, StringRef name) {
    std::string fullName =
        (TLEDialect::getDialectNamespace() + "." + name).str();
    auto known = RegisteredOperationName::lookup(fullName, &getContext());
    if (!known)
      return call.emitError() << "unknown TLE op '" << name << "'";

    OperationState state(call.getLoc(), *known);
    state.addOperands(call.getOperands());
    state.addTypes(call.getResultTypes());
    auto emitError = [&] {
      return call.emitError() << "TLE op '" << name << "': ";
    };
    if (failed(addAttributes(state, declaration, emitError)) ||
        failed(known->verifyInherentAttrs(state.attributes, emitError)))
      return failure();

    OpBuilder builder(call);
    Operation *op = builder.create(state);
    if (failed(verify(op))) {
      op->erase();
      return failure();
    }
    call->replaceAllUsesWith(op);
    call->erase();
    return success();
  }

  /// The dictionary that tle.attrs spells.
  LogicalResult addAttributes(OperationState &state, FuncOp declaration,
                              function_ref<InFlightDiagnostic()> emitError) {
    auto text = declaration->getAttrOfType<StringAttr>(kFrontendAttrsAttr);
    if (!text)
      return success();
    // The parser's own message would point into the string, not at the call.
    Attribute parsed;
    {
      ScopedDiagnosticHandler silence(&getContext(),
                                      [](Diagnostic &) { return success(); });
      parsed = parseAttribute(text.getValue(), &getContext());
    }
    auto attributes = dyn_cast_or_null<DictionaryAttr>(parsed);
    if (!attributes)
      return emitError() << kFrontendAttrsAttr
                         << " must spell a dictionary of attributes, but is \""
                         << text.getValue() << "\"";
    state.addAttributes(attributes.getValue());
    return success();
  }
};

} // namespace
