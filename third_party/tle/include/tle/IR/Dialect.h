#ifndef TLE_IR_DIALECT_H
#define TLE_IR_DIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {

/// The address space number of shared memory in `!tt.ptr<T, N>`.
inline constexpr int kSharedAddressSpace = 3;

/// Attribute names of the call protocol that carries TLE ops through the stock
/// frontend (see triton-tle-raise-frontend).
inline constexpr llvm::StringLiteral kFrontendOpAttr("tle.op");
inline constexpr llvm::StringLiteral kFrontendAttrsAttr("tle.attrs");

/// Marks a ttg.async_copy_global_to_local made from a store to local pointers.
inline constexpr llvm::StringLiteral
    kLocalPtrAsyncStoreAttr("tle.local_ptr_async_store");

/// The pointer type of a pointer or of a tensor of pointers, null for any other
/// type.
triton::PointerType getPointerTypeOrNull(Type type);

/// True for a pointer or tensor of pointers into shared memory.
bool isLocalPointerLike(Type type);

/// True if `memdesc` lies in shared memory (and not in tensor memory).
bool isInSharedMemory(triton::gpu::MemDescType memdesc);

} // namespace mlir::triton::tle

#include "tle/IR/TLEDialect.h.inc"

#define GET_OP_CLASSES
#include "tle/IR/TLEOps.h.inc"

#endif // TLE_IR_DIALECT_H
