// RUN: tle-opt %s -tritongpu-optimize-dot-operands | FileCheck %s
// RUN: tle-opt %s -tritongpu-optimize-dot-operands -tritongpu-optimize-dot-operands | FileCheck %s
// REQUIRES: tle

// Both factors from a whole buffer, one of several, and a part of one; as they
// lie, turned in registers and turned in shared memory. Nothing is copied, and
// the shape of the allocation stays with a part, turned if the part is.

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#bt = #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#st = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!const = !ttg.memdesc<64x64xf16, #s, #smem>
!turned = !ttg.memdesc<64x64xf16, #st, #smem>
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
!ring = !ttg.memdesc<2x64x64xf16, #s, #smem, mutable>
!wide = !ttg.memdesc<128x512xf16, #s, #smem, mutable>
!part = !ttg.memdesc<64x64xf16, #s, #smem, mutable, 128x512>
!x = tensor<64x64xf16, #b>
!xt = tensor<64x64xf16, #bt>
!acc = tensor<64x64xf32, #mma>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {

// CHECK-LABEL: @a_whole_plain(
// CHECK-SAME: %[[BUF:[^:]+]]: !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %[[BUF]], %{{.+}}
// CHECK-NEXT: tt.return %[[D]]
tt.func @a_whole_plain(%buf: !buf, %other: !const, %c: !acc) -> !acc {
  %x = ttg.local_load %buf : !buf -> !x
  %op = ttg.local_alloc %x : (!x) -> !const
  %d = ttng.warp_group_dot %op, %other, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @a_whole_trans(
// CHECK-SAME: %[[BUF:[^:]+]]: !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %[[OP]], %{{.+}}
// CHECK-NEXT: tt.return %[[D]]
tt.func @a_whole_trans(%buf: !buf, %other: !const, %c: !acc) -> !acc {
  %x = ttg.local_load %buf : !buf -> !x
  %t = tt.trans %x {order = array<i32: 1, 0>} : !x -> !xt
  %op = ttg.local_alloc %t : (!xt) -> !const
  %d = ttng.warp_group_dot %op, %other, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @a_whole_memdesc_trans(
// CHECK-SAME: %[[BUF:[^:]+]]: !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %[[OP]], %{{.+}}
// CHECK-NEXT: tt.return %[[D]]
tt.func @a_whole_memdesc_trans(%buf: !buf, %other: !const, %c: !acc) -> !acc {
  %x = ttg.local_load %buf : !buf -> !x
  %y = ttg.local_alloc %x : (!x) -> !const
  %op = ttg.memdesc_trans %y {order = array<i32: 1, 0>} : !const -> !turned
  %d = ttng.warp_group_dot %op, %other, %c : !turned * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @a_index_plain(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_index
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %[[BUF]], %{{.+}}
// CHECK-NEXT: tt.return %[[D]]
tt.func @a_index_plain(%ring: !ring, %i: i32, %other: !const, %c: !acc) -> !acc {
  %buf = ttg.memdesc_index %ring[%i] : !ring -> !buf
  %x = ttg.local_load %buf : !buf -> !x
  %op = ttg.local_alloc %x : (!x) -> !const
  %d = ttng.warp_group_dot %op, %other, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @a_index_trans(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_index
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %[[OP]], %{{.+}}
// CHECK-NEXT: tt.return %[[D]]
tt.func @a_index_trans(%ring: !ring, %i: i32, %other: !const, %c: !acc) -> !acc {
  %buf = ttg.memdesc_index %ring[%i] : !ring -> !buf
  %x = ttg.local_load %buf : !buf -> !x
  %t = tt.trans %x {order = array<i32: 1, 0>} : !x -> !xt
  %op = ttg.local_alloc %t : (!xt) -> !const
  %d = ttng.warp_group_dot %op, %other, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @a_index_memdesc_trans(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_index
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %[[OP]], %{{.+}}
// CHECK-NEXT: tt.return %[[D]]
tt.func @a_index_memdesc_trans(%ring: !ring, %i: i32, %other: !const, %c: !acc) -> !acc {
  %buf = ttg.memdesc_index %ring[%i] : !ring -> !buf
  %x = ttg.local_load %buf : !buf -> !x
  %y = ttg.local_alloc %x : (!x) -> !const
  %op = ttg.memdesc_trans %y {order = array<i32: 1, 0>} : !const -> !turned
  %d = ttng.warp_group_dot %op, %other, %c : !turned * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @a_subslice_plain(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_subslice
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %[[BUF]], %{{.+}}
// CHECK-NEXT: tt.return %[[D]]
tt.func @a_subslice_plain(%wide: !wide, %other: !const, %c: !acc) -> !acc {
  %part = ttg.memdesc_subslice %wide[64, 128] : !wide -> !part
  %x = ttg.local_load %part : !part -> !x
  %op = ttg.local_alloc %x : (!x) -> !const
  %d = ttng.warp_group_dot %op, %other, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @a_subslice_trans(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_subslice
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable, 512x128>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %[[OP]], %{{.+}}
// CHECK-NEXT: tt.return %[[D]]
tt.func @a_subslice_trans(%wide: !wide, %other: !const, %c: !acc) -> !acc {
  %part = ttg.memdesc_subslice %wide[64, 128] : !wide -> !part
  %x = ttg.local_load %part : !part -> !x
  %t = tt.trans %x {order = array<i32: 1, 0>} : !x -> !xt
  %op = ttg.local_alloc %t : (!xt) -> !const
  %d = ttng.warp_group_dot %op, %other, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @a_subslice_memdesc_trans(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_subslice
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable, 512x128>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %[[OP]], %{{.+}}
// CHECK-NEXT: tt.return %[[D]]
tt.func @a_subslice_memdesc_trans(%wide: !wide, %other: !const, %c: !acc) -> !acc {
  %part = ttg.memdesc_subslice %wide[64, 128] : !wide -> !part
  %x = ttg.local_load %part : !part -> !x
  %y = ttg.local_alloc %x : (!x) -> !const
  %op = ttg.memdesc_trans %y {order = array<i32: 1, 0>} : !const -> !turned
  %d = ttng.warp_group_dot %op, %other, %c : !turned * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @b_whole_plain(
// CHECK-SAME: %[[BUF:[^:]+]]: !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %[[BUF]], %
// CHECK-NEXT: tt.return %[[D]]
tt.func @b_whole_plain(%buf: !buf, %other: !const, %c: !acc) -> !acc {
  %x = ttg.local_load %buf : !buf -> !x
  %op = ttg.local_alloc %x : (!x) -> !const
  %d = ttng.warp_group_dot %other, %op, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @b_whole_trans(
// CHECK-SAME: %[[BUF:[^:]+]]: !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %[[OP]], %
// CHECK-NEXT: tt.return %[[D]]
tt.func @b_whole_trans(%buf: !buf, %other: !const, %c: !acc) -> !acc {
  %x = ttg.local_load %buf : !buf -> !x
  %t = tt.trans %x {order = array<i32: 1, 0>} : !x -> !xt
  %op = ttg.local_alloc %t : (!xt) -> !const
  %d = ttng.warp_group_dot %other, %op, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @b_whole_memdesc_trans(
// CHECK-SAME: %[[BUF:[^:]+]]: !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %[[OP]], %
// CHECK-NEXT: tt.return %[[D]]
tt.func @b_whole_memdesc_trans(%buf: !buf, %other: !const, %c: !acc) -> !acc {
  %x = ttg.local_load %buf : !buf -> !x
  %y = ttg.local_alloc %x : (!x) -> !const
  %op = ttg.memdesc_trans %y {order = array<i32: 1, 0>} : !const -> !turned
  %d = ttng.warp_group_dot %other, %op, %c : !const * !turned -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @b_index_plain(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_index
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %[[BUF]], %
// CHECK-NEXT: tt.return %[[D]]
tt.func @b_index_plain(%ring: !ring, %i: i32, %other: !const, %c: !acc) -> !acc {
  %buf = ttg.memdesc_index %ring[%i] : !ring -> !buf
  %x = ttg.local_load %buf : !buf -> !x
  %op = ttg.local_alloc %x : (!x) -> !const
  %d = ttng.warp_group_dot %other, %op, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @b_index_trans(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_index
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %[[OP]], %
// CHECK-NEXT: tt.return %[[D]]
tt.func @b_index_trans(%ring: !ring, %i: i32, %other: !const, %c: !acc) -> !acc {
  %buf = ttg.memdesc_index %ring[%i] : !ring -> !buf
  %x = ttg.local_load %buf : !buf -> !x
  %t = tt.trans %x {order = array<i32: 1, 0>} : !x -> !xt
  %op = ttg.local_alloc %t : (!xt) -> !const
  %d = ttng.warp_group_dot %other, %op, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @b_index_memdesc_trans(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_index
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %[[OP]], %
// CHECK-NEXT: tt.return %[[D]]
tt.func @b_index_memdesc_trans(%ring: !ring, %i: i32, %other: !const, %c: !acc) -> !acc {
  %buf = ttg.memdesc_index %ring[%i] : !ring -> !buf
  %x = ttg.local_load %buf : !buf -> !x
  %y = ttg.local_alloc %x : (!x) -> !const
  %op = ttg.memdesc_trans %y {order = array<i32: 1, 0>} : !const -> !turned
  %d = ttng.warp_group_dot %other, %op, %c : !const * !turned -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @b_subslice_plain(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_subslice
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %[[BUF]], %
// CHECK-NEXT: tt.return %[[D]]
tt.func @b_subslice_plain(%wide: !wide, %other: !const, %c: !acc) -> !acc {
  %part = ttg.memdesc_subslice %wide[64, 128] : !wide -> !part
  %x = ttg.local_load %part : !part -> !x
  %op = ttg.local_alloc %x : (!x) -> !const
  %d = ttng.warp_group_dot %other, %op, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @b_subslice_trans(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_subslice
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable, 512x128>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %[[OP]], %
// CHECK-NEXT: tt.return %[[D]]
tt.func @b_subslice_trans(%wide: !wide, %other: !const, %c: !acc) -> !acc {
  %part = ttg.memdesc_subslice %wide[64, 128] : !wide -> !part
  %x = ttg.local_load %part : !part -> !x
  %t = tt.trans %x {order = array<i32: 1, 0>} : !x -> !xt
  %op = ttg.local_alloc %t : (!xt) -> !const
  %d = ttng.warp_group_dot %other, %op, %c : !const * !const -> !acc
  tt.return %d : !acc
}

// CHECK-LABEL: @b_subslice_memdesc_trans(
// CHECK-NEXT: %[[BUF:.+]] = ttg.memdesc_subslice
// CHECK-NEXT: %[[OP:.+]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : {{.+}} -> !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable, 512x128>
// CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %[[OP]], %
// CHECK-NEXT: tt.return %[[D]]
tt.func @b_subslice_memdesc_trans(%wide: !wide, %other: !const, %c: !acc) -> !acc {
  %part = ttg.memdesc_subslice %wide[64, 128] : !wide -> !part
  %x = ttg.local_load %part : !part -> !x
  %y = ttg.local_alloc %x : (!x) -> !const
  %op = ttg.memdesc_trans %y {order = array<i32: 1, 0>} : !const -> !turned
  %d = ttng.warp_group_dot %other, %op, %c : !const * !turned -> !acc
  tt.return %d : !acc
}

// Waits that hold the copies hold the views then.
// CHECK-LABEL: @waits(
// CHECK: %[[B:.+]] = tle.memdesc_wgmma_view
// CHECK: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %[[B]], %
// CHECK: ttng.warp_group_dot_wait %[[D]], %{{.+}}, %[[B]] {pendings = 0 : i32} : tensor<64x64xf32, #{{.+}}>, !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable>, !ttg.memdesc<64x64xf16, #{{.+}}, #smem, mutable, 512x128>
tt.func @waits(%buf: !buf, %wide: !wide, %c: !acc) -> !acc {
  %part = ttg.memdesc_subslice %wide[64, 128] : !wide -> !part
  %x = ttg.local_load %buf : !buf -> !x
  %a = ttg.local_alloc %x : (!x) -> !const
  %y = ttg.local_load %part : !part -> !x
  %z = ttg.local_alloc %y : (!x) -> !const
  %b = ttg.memdesc_trans %z {order = array<i32: 1, 0>} : !const -> !turned
  %d = ttng.warp_group_dot %a, %b, %c {isAsync = true} : !const * !turned -> !acc
  %w:3 = ttng.warp_group_dot_wait %d, %a, %b {pendings = 0 : i32} : !acc, !const, !turned
  tt.return %w#0 : !acc
}

}
