/* names.h - what the linker knows the library's inner functions as.

   Every function that one of our files has for another is listed here.  In
   libiosplice.a it is as visible as a public one, so that a program with a
   `fill' of its own would meet ours; two underscores keep it out of the shared
   library, too (iosplice.map).  For a debugger it is `break iosplice__fill'.
   tests/installed.bats finds what is missing here.

   SPDX-License-Identifier: MIT */

#ifndef NAMES_H
#define NAMES_H

#define buffer_close iosplice__buffer_close
#define buffer_copy iosplice__buffer_copy
#define buffer_discard iosplice__buffer_discard
#define buffer_drain iosplice__buffer_drain
#define buffer_drain_all iosplice__buffer_drain_all
#define buffer_make_memory iosplice__buffer_make_memory
#define buffer_make_pipe iosplice__buffer_make_pipe
#define buffer_make_zeros iosplice__buffer_make_zeros
#define buffer_open iosplice__buffer_open
#define buffer_read iosplice__buffer_read
#define buffer_reason iosplice__buffer_reason
#define buffer_rest iosplice__buffer_rest
#define buffer_salvage iosplice__buffer_salvage
#define buffer_splice iosplice__buffer_splice
#define buffer_tee iosplice__buffer_tee
#define buffer_tee_zeros iosplice__buffer_tee_zeros
#define buffer_write iosplice__buffer_write
#define copy_range iosplice__copy_range
#define endpoint_appends iosplice__endpoint_appends
#define endpoint_locate iosplice__endpoint_locate
#define endpoint_open iosplice__endpoint_open
#define endpoint_read iosplice__endpoint_read
#define endpoint_refusal iosplice__endpoint_refusal
#define endpoint_release iosplice__endpoint_release
#define endpoint_reserve iosplice__endpoint_reserve
#define endpoint_same iosplice__endpoint_same
#define endpoint_seekable iosplice__endpoint_seekable
#define endpoint_shared iosplice__endpoint_shared
#define endpoint_use_offset iosplice__endpoint_use_offset
#define endpoint_write iosplice__endpoint_write
#define fanout iosplice__fanout
#define fanout_brings iosplice__fanout_brings
#define fanout_drop iosplice__fanout_drop
#define fanout_takers iosplice__fanout_takers
#define fill iosplice__fill
#define fill_by_blocks iosplice__fill_by_blocks
#define fill_expect iosplice__fill_expect
#define fill_learn iosplice__fill_learn
#define place_leave iosplice__place_leave
#define place_take iosplice__place_take
#define pool_give iosplice__pool_give
#define pool_take iosplice__pool_take
#define sigpipe_hold iosplice__sigpipe_hold
#define sigpipe_release iosplice__sigpipe_release
#define wait_for iosplice__wait_for
#define wait_over iosplice__wait_over
#define wait_ready iosplice__wait_ready
#define whole_blocks iosplice__whole_blocks
#define worker_begin iosplice__worker_begin
#define worker_end iosplice__worker_end
#define worker_free iosplice__worker_free
#define worker_new iosplice__worker_new

#endif
