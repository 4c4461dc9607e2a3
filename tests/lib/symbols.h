/* symbols.h - what programs that were built with an earlier iosplice.h rely on.

   SPDX-License-Identifier: MIT

   Every function that the shared library exports, with its prototype, one a line:
   tests/library.bats compares the names with what is exported, and the compiler the
   prototypes with iosplice.h, since every C test includes both.  Who changes a
   line here, other than by adding one, changes the library's -version-info.  */

struct iosplice_pump *iosplice_pump_new (unsigned, const struct iosplice_hooks *);
void iosplice_pump_free (struct iosplice_pump *);
int iosplice_pump_source (struct iosplice_pump *, int, unsigned, const struct stat *);
int iosplice_pump_sink (struct iosplice_pump *, int, unsigned, const struct stat *);
int iosplice_pump_source_at (struct iosplice_pump *, off_t);
int iosplice_pump_sink_at (struct iosplice_pump *, int, off_t);
int iosplice_pump_sinks (const struct iosplice_pump *);
off_t iosplice_pump_run (struct iosplice_pump *, off_t);
void iosplice_pump_blocks (struct iosplice_pump *, size_t, size_t);
ssize_t iosplice_pump_block (struct iosplice_pump *, size_t);
enum iosplice_step iosplice_pump_step (struct iosplice_pump *, off_t);
int iosplice_pump_waiting (const struct iosplice_pump *);
off_t iosplice_pump_in_flight (const struct iosplice_pump *);
struct iosplice_pool *iosplice_pool_new (int);
void iosplice_pool_free (struct iosplice_pool *);
void iosplice_pump_pool (struct iosplice_pump *, struct iosplice_pool *);
enum iosplice_side iosplice_pump_failure (const struct iosplice_pump *);
off_t iosplice_pump_moved (const struct iosplice_pump *);
off_t iosplice_pump_taken (const struct iosplice_pump *);
void iosplice_pump_statistics (const struct iosplice_pump *, struct iosplice_statistics *);
off_t iosplice_copy (int, off_t *, int, off_t *, off_t, unsigned, struct iosplice_result *);
off_t iosplice_full (int, off_t *, int, off_t *, off_t, unsigned, struct iosplice_result *);
ssize_t iosplice_partial (int, off_t *, int, off_t *, size_t, unsigned, struct iosplice_result *);
ssize_t iosplice_splice (int, off_t *, int, off_t *, size_t, unsigned);
ssize_t iosplice_tee (int, int, size_t, unsigned);
ssize_t iosplice_vmsplice (int, const struct iovec *, int, unsigned);
long iosplice_pipe_capacity (int);
long iosplice_pipe_held (int);
long iosplice_pipe_resize (int, size_t);
long iosplice_pipe_default (void);
long iosplice_pipe_most (void);
long iosplice_pipe_grow (int, size_t);
int iosplice_pipe (int[2], size_t);
ssize_t iosplice_peek (int, int);
ssize_t iosplice_read (int, void *, size_t);
size_t iosplice_write (int, const void *, size_t);

_Static_assert (IOSPLICE_NO_SPLICE == 0x1 && IOSPLICE_WATCH_SINKS == 0x2 && IOSPLICE_PARALLEL == 0x4
                && IOSPLICE_NO_SIGPIPE == 0x80 && IOSPLICE_MINE == 0x1 && IOSPLICE_DROPS == 0x2, "flags of pumps and ends");
_Static_assert (IOSPLICE_MOVE == 0x100 && IOSPLICE_NONBLOCK == 0x200 && IOSPLICE_MORE == 0x400
                && IOSPLICE_WAIT_ALL == 0x800 && IOSPLICE_WOULD_BLOCK == -2, "flags and values of the calls");
_Static_assert (IOSPLICE_NEITHER == 0 && IOSPLICE_SOURCE == 1 && IOSPLICE_SINK == 2, "sides");
_Static_assert (IOSPLICE_MOVED == 0 && IOSPLICE_WAIT_SOURCE == 1 && IOSPLICE_WAIT_SINK == 2 && IOSPLICE_END == 3
                && IOSPLICE_FAILED == 4, "steps");
_Static_assert (IOSPLICE_NO_REASON == 0 && IOSPLICE_FEW == 1 && IOSPLICE_CHEAPER == 2
                && IOSPLICE_NO_PIPE == 3 && IOSPLICE_SINK_REFUSES == 4
                && IOSPLICE_SOURCE_REFUSES == 5 && IOSPLICE_MESSAGES == 6 && IOSPLICE_SAME_FILE == 7
                && IOSPLICE_ASKED == 8, "reasons");
#ifdef __LP64__
_Static_assert (sizeof (struct iosplice_means) == 16 && sizeof (struct iosplice_statistics) == 88
                && sizeof (struct iosplice_result) == 112 && sizeof (struct iosplice_hooks) == 32, "structures");
_Static_assert (offsetof (struct iosplice_statistics, read) == 48 && offsetof (struct iosplice_statistics, reason) == 80
                && offsetof (struct iosplice_result, side) == 16 && offsetof (struct iosplice_result, statistics) == 24
                && offsetof (struct iosplice_hooks, failed) == 16, "members");
#endif
