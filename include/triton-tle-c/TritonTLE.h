/*===- TritonTLE.h - C interface of libTritonTLE ------------------*- C -*-===*\
|*                                                                            *|
|* The only symbols that libTritonTLE exports. Text goes in and comes out as  *|
|* UTF-8; a string that comes out belongs to the object it was asked of and   *|
|* lives as long as that does.                                                *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef TRITON_TLE_C_TRITONTLE_H
#define TRITON_TLE_C_TRITONTLE_H

#include <stddef.h>

#if defined(__GNUC__)
#define TRITON_TLE_EXPORT __attribute__((visibility("default")))
#else
#define TRITON_TLE_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes, not terminated by a zero. */
typedef struct {
  const char *data;
  size_t size;
} TritonTLEString;

typedef enum {
  TRITON_TLE_NOTE = 0,
  TRITON_TLE_REMARK = 1,
  TRITON_TLE_WARNING = 2,
  TRITON_TLE_ERROR = 3
} TritonTLESeverity;

typedef enum {
  /** Print the module to stderr after each pass. */
  TRITON_TLE_PRINT_AFTER_ALL = 1,
  /** Give the result in generic form. */
  TRITON_TLE_GENERIC = 2,
  /** Do not verify the module after each pass: for their times alone. */
  TRITON_TLE_NO_VERIFIER = 4
} TritonTLEFlags;

/** What a run made: text, and what passes had to say. */
typedef struct TritonTLEResult TritonTLEResult;

/** Part of a result. */
typedef struct TritonTLEDiagnostic TritonTLEDiagnostic;

/**
 * Parses `ir`, runs `pipeline` over it and prints it with its locations.
 *
 * `pipeline` is MLIR's textual form without the anchor, such as
 * "canonicalize,convert-triton-to-tritongpu{target=cuda:90 num-warps=4}";
 * empty: parse, verify, print. `name` stands for the file in diagnostics
 * about the text itself. `flags` is a union of TritonTLEFlags. `remarks` is
 * a regular expression: passes whose flags it matches, anywhere, say what they
 * did and why they left something alone; empty: none do.
 * The result is never null and is freed by tritonTLEResultDestroy.
 */
TRITON_TLE_EXPORT TritonTLEResult *tritonTLERunPasses(TritonTLEString ir,
                                                      TritonTLEString pipeline,
                                                      TritonTLEString name,
                                                      unsigned flags,
                                                      TritonTLEString remarks);

/** 1 if everything went well, else 0: then an error diagnostic says why. */
TRITON_TLE_EXPORT int tritonTLEResultSucceeded(const TritonTLEResult *result);

/** The module after the last pass; empty on failure. */
TRITON_TLE_EXPORT TritonTLEString
tritonTLEResultText(const TritonTLEResult *result);

TRITON_TLE_EXPORT size_t
tritonTLEResultNumDiagnostics(const TritonTLEResult *result);
TRITON_TLE_EXPORT const TritonTLEDiagnostic *
tritonTLEResultDiagnostic(const TritonTLEResult *result, size_t index);

/** The passes that ran to their end, each once, in the order of their ends. */
TRITON_TLE_EXPORT size_t
tritonTLEResultNumPassTimes(const TritonTLEResult *result);
TRITON_TLE_EXPORT TritonTLEString
tritonTLEResultPassFlag(const TritonTLEResult *result, size_t index);
/** Processor time of the pass over all functions, and of the verifier. */
TRITON_TLE_EXPORT double
tritonTLEResultPassSeconds(const TritonTLEResult *result, size_t index);

TRITON_TLE_EXPORT void tritonTLEResultDestroy(TritonTLEResult *result);

TRITON_TLE_EXPORT TritonTLESeverity
tritonTLEDiagnosticSeverity(const TritonTLEDiagnostic *diagnostic);
TRITON_TLE_EXPORT TritonTLEString
tritonTLEDiagnosticMessage(const TritonTLEDiagnostic *diagnostic);
/** Of a remark that was asked for, the flag of its pass; else empty. */
TRITON_TLE_EXPORT TritonTLEString
tritonTLEDiagnosticPass(const TritonTLEDiagnostic *diagnostic);
/** Empty if no place in a source is known; line and column are 0 then. */
TRITON_TLE_EXPORT TritonTLEString
tritonTLEDiagnosticFile(const TritonTLEDiagnostic *diagnostic);
/** Lines and columns count from 1. */
TRITON_TLE_EXPORT unsigned
tritonTLEDiagnosticLine(const TritonTLEDiagnostic *diagnostic);
TRITON_TLE_EXPORT unsigned
tritonTLEDiagnosticColumn(const TritonTLEDiagnostic *diagnostic);
TRITON_TLE_EXPORT size_t
tritonTLEDiagnosticNumNotes(const TritonTLEDiagnostic *diagnostic);
TRITON_TLE_EXPORT const TritonTLEDiagnostic *
tritonTLEDiagnosticNote(const TritonTLEDiagnostic *diagnostic, size_t index);

/**
 * All passes and pass pipelines as a JSON array of objects with "flag",
 * "summary" and "options" (objects with "name" and "default"). Static.
 */
TRITON_TLE_EXPORT TritonTLEString tritonTLEListPasses(void);

/**
 * A JSON object with "version", "llvm_version", "tle" (whether TLE is built
 * in) and "digest" (hexadecimal; changes whenever the library's code does,
 * and only then). Static.
 */
TRITON_TLE_EXPORT TritonTLEString tritonTLEBuildInfo(void);

#ifdef __cplusplus
}
#endif

#endif /* TRITON_TLE_C_TRITONTLE_H */
