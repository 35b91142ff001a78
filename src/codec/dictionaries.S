/* dictionaries — the compression dictionaries, byte for byte, for compress.c. A number once released is never used for another file. */
    .section .rodata
    .global codec_dictionary_1, codec_dictionary_1_end
    .balign 16
codec_dictionary_1:
    .incbin "codec/dictionary_1.zdict"
codec_dictionary_1_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
