"""Reading machine code: opcodes, and uniform registers that nothing wrote."""

import pytest
from triton_tle.compiler import sass
from triton_tle.explain import machine

CODE = """
        /*0000*/                   LDC R1, c[0x0][0x28] ;                  /* 0x1 */
        /*0010*/              @!P0 HGMMA.64x64x16.F32.BF16 R24, gdesc[UR4], R24 ;   /* 0x2 */
        /*0020*/             @UP1  UIADD3 UR4, UR4, 0x1, URZ ;  /* 0x3 */
        /*10030*/                  HGMMA.64x64x16.F32.BF16 R24, gdesc[UR4], R24 ;
"""


PRODUCT = "UTCHMMA gdesc[UR14], gdesc[UR16], tmem[UR13], tmem[UR28], idesc[UR29], !UPT"
WRITTEN = [f"UMOV UR{number}, 0x1" for number in (13, 14, 15, 16, 28, 29)]


def listing(*instructions: str) -> str:
    return "".join(f"        /*{16 * i:04x}*/    {text} ;  /* 0x0 */\n" for i, text in enumerate(instructions))


def test_opcodes_are_counted_with_predicates_and_modifiers():
    assert sass.opcodes(CODE) == {"LDC": 1, "HGMMA": 2, "UIADD3": 1}


@pytest.mark.parametrize(
    "instructions, found",
    [
        # As ptxas 12.8 makes it: UR22 and UR23 should be copies of the base in UR12.
        (
            ["UIADD3 UR22, UP1, UR22, 0x40, URZ", "UIADD3.X UR23, UR23, -0x7fffffe0, URZ, UP1, !UPT"],
            ["UIADD3 UR22, UP1, UR22, 0x40, URZ", "UIADD3.X UR23, UR23, -0x7fffffe0, URZ, UP1, !UPT"],
        ),
        (["UMOV UR12, 0x400", "UIADD3 UR22, UP1, UR12, 0x40, URZ"], []),
        (["ULDC.64 UR8, c[0x0][0x210]", "LEA.HI.X.SX32 R19, R6, UR9, 0x2, P0"], []),
        (["ULDC UR8, c[0x0][0x210]", "LEA.HI.X.SX32 R19, R6, UR9, 0x2, P0"], ["LEA.HI.X.SX32 R19, R6, UR9, 0x2, P0"]),
        # A descriptor is four registers, two with the first factor in registers.
        (
            ["UIADD3.64 UR6, URZ, 0x2, URZ", "HGMMA.64x8x16.F32 R24, gdesc[UR4], R24"],
            ["HGMMA.64x8x16.F32 R24, gdesc[UR4], R24"],
        ),
        (["UMOV.64 UR6, URZ", "HGMMA.64x8x16.F32 R24, R40, gdesc[UR4].tnspB, R24"], []),
        (["R2UR UR4, R8", "S2UR UR5, SR_CTAID.X", "ELECT P0, UR6, PT", "ULEA UR7, UR4, UR5, UR6"], []),
        # What compares or branches writes no uniform register.
        (["UISETP.NE.U32.AND UP0, UPT, UR4, 0x40, UPT"], ["UISETP.NE.U32.AND UP0, UPT, UR4, 0x40, UPT"]),
        # On Blackwell a descriptor is two, and idesc one.
        ([*WRITTEN, "UMOV UR17, 0x1", PRODUCT], []),
        ([*WRITTEN, PRODUCT], [PRODUCT]),
        (["UMOV UR5, 0x0", "UIMAD.WIDE.U32 UR8, UR5, 0x4, URZ", "LDG.E R2, desc[UR8][R2.64]"], []),
    ],
)  # fmt: skip
def test_registers_that_nothing_wrote(instructions, found):
    assert sass.unwritten_uniforms(listing(*instructions)) == found


@pytest.mark.parametrize("disassemble, tool", [(sass.disassemble, "cuobjdump"), (machine.disassemble, "nvdisasm")])
def test_code_that_the_tool_does_not_know_is_named(disassemble, tool):
    with pytest.raises(sass.DisassemblyError, match=f"{tool} does not read the machine code: .*fatal"):
        disassemble(b"no machine code")
