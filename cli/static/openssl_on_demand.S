// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// For x86-64: what stands for the functions of OpenSSL until the first of them is called. Each is a
// jump to where its slot points: at first to load_and_jump, then to the function itself.

        .macro openssl_function name
        .pushsection .data.openssl_slots, "aw"
.Lslot_\name:
        .quad   load_and_jump
        .popsection
        .pushsection .rodata.openssl_names, "a"
        .asciz  "\name"
        .popsection
        .globl  \name
        .hidden \name
        .type   \name, @function
\name:
        .cfi_startproc
        endbr64
        leaq    .Lslot_\name(%rip), %r11
        jmp     *(%r11)
        .cfi_endproc
        .size   \name, . - \name
        .endm

        .pushsection .data.openssl_slots, "aw"
        .balign 8
        .globl  pygrpc_openssl_slots
        .hidden pygrpc_openssl_slots
pygrpc_openssl_slots:
        .popsection
        .pushsection .rodata.openssl_names, "a"
        .globl  pygrpc_openssl_names
        .hidden pygrpc_openssl_names
pygrpc_openssl_names:
        .popsection

        .text
// r11 has the slot. What may hold an argument is kept: six registers for integers, eight for
// floating point numbers, and al, which counts those in a call with "...".
        .type   load_and_jump, @function
load_and_jump:
        .cfi_startproc
        endbr64
        pushq   %rdi
        pushq   %rsi
        pushq   %rdx
        pushq   %rcx
        pushq   %r8
        pushq   %r9
        pushq   %rax
        pushq   %r11
        subq    $136, %rsp              // the eight, and 8 bytes so that the stack is aligned
        .cfi_adjust_cfa_offset 200
        movaps  %xmm0, (%rsp)
        movaps  %xmm1, 16(%rsp)
        movaps  %xmm2, 32(%rsp)
        movaps  %xmm3, 48(%rsp)
        movaps  %xmm4, 64(%rsp)
        movaps  %xmm5, 80(%rsp)
        movaps  %xmm6, 96(%rsp)
        movaps  %xmm7, 112(%rsp)
        call    pygrpc_load_openssl
        movaps  (%rsp), %xmm0
        movaps  16(%rsp), %xmm1
        movaps  32(%rsp), %xmm2
        movaps  48(%rsp), %xmm3
        movaps  64(%rsp), %xmm4
        movaps  80(%rsp), %xmm5
        movaps  96(%rsp), %xmm6
        movaps  112(%rsp), %xmm7
        addq    $136, %rsp
        popq    %r11
        popq    %rax
        popq    %r9
        popq    %r8
        popq    %rcx
        popq    %rdx
        popq    %rsi
        popq    %rdi
        .cfi_adjust_cfa_offset -200
        jmp     *(%r11)
        .cfi_endproc
        .size   load_and_jump, . - load_and_jump

#include "openssl_functions.inc"

        .pushsection .data.openssl_slots, "aw"
        .globl  pygrpc_openssl_slots_end
        .hidden pygrpc_openssl_slots_end
pygrpc_openssl_slots_end:
        .popsection
        .section .note.GNU-stack, "", @progbits
