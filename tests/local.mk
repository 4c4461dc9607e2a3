# tests/local.mk - the tests of `make check', each speaking TAP.
# SPDX-License-Identifier: MIT
#
# A new test is one line here.  C tests link the library's archive, so they reach
# its internal functions too.

# The programs' tests; what takes longest begins first.
TESTS_LONG = \
  tests/disks-spcopy.bats \
  tests/faults-spcopy.bats \
  tests/faults-sptee.bats \
  tests/faults-library.bats \
  tests/faults-spcat.bats
TESTS_SHORT = \
  tests/examples.bats \
  tests/neighbours.bats \
  tests/convert.bats \
  tests/spcopy-blocks.bats \
  tests/constant.bats \
  tests/differential-spcopy.bats \
  tests/differential-sptee.bats \
  tests/ends.bats \
  tests/faults.bats \
  tests/filesystems.bats \
  tests/format.bats \
  tests/installed.bats \
  tests/library.bats \
  tests/opening.bats \
  tests/operands.bats \
  tests/outputs.bats \
  tests/rules.bats \
  tests/smoke.bats \
  tests/spcat.bats \
  tests/spcopy-signals.bats \
  tests/spcopy.bats \
  tests/sptee.bats
TESTS_BATS = $(TESTS_LONG) $(TESTS_SHORT)

# The library's tests, tests/test-NAME.c each.
TESTS_C = tests/test-io tests/test-library tests/test-pump tests/test-scarce tests/test-threads
tests_test_io_LDADD = libiosplice.la -lpthread
tests_test_library_LDADD = libiosplice.la -lpthread
tests_test_pump_LDADD = libiosplice.la -lpthread
tests_test_threads_LDADD = libiosplice.la -lpthread
tests_test_scarce_LDADD = libiosplice.la -lpthread
tests_test_scarce_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc -Wl,--wrap=malloc -Wl,--wrap=posix_memalign \
  -Wl,--wrap=reallocarray -Wl,--wrap=mmap -Wl,--wrap=pthread_create -Wl,--wrap=pthread_attr_init \
  -Wl,--wrap=sem_wait -Wl,--wrap=pipe2 -Wl,--wrap=poll -Wl,--wrap=fcntl -Wl,--wrap=read \
  -Wl,--wrap=write -Wl,--wrap=splice -Wl,--wrap=tee -Wl,--wrap=vmsplice -Wl,--wrap=lseek \
  -Wl,--wrap=copy_file_range

# What the tests load and run.
TESTS_LIB = \
  tests/lib/common.bash \
  tests/lib/differential.bash \
  tests/lib/faults.bash \
  tests/lib/random.h \
  tests/lib/symbols.h \
  tests/lib/tap.h
TESTS_HELPER = tests/helper-io tests/helper-library tests/cases-spcopy tests/load
tests_helper_library_LDADD = libiosplice.la -lpthread
tests_cases_spcopy_SOURCES = tests/case.c tests/case.h tests/cases-spcopy.c
tests_cases_spcopy_LDADD =

check_PROGRAMS = $(TESTS_C) $(TESTS_HELPER)
TESTS = $(TESTS_C) $(TESTS_BATS)
EXTRA_DIST += $(TESTS_BATS) $(TESTS_LIB) tests/analyze tests/build-examples tests/coverage tests/coverage-exceptions \
  tests/differential tests/kernels tests/kernels-init tests/soak .clang-tidy

TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TEST_EXTENSIONS = .bats
LOG_DRIVER = $(TAP_DRIVER)
# bats ends with 1 if a test failed, which would be counted a second time; one
# that ends early is told by its plan.
BATS_LOG_DRIVER = $(TAP_DRIVER)
AM_BATS_LOG_DRIVER_FLAGS = --ignore-exit
BATS_LOG_COMPILER = $(BATS)
AM_BATS_LOG_FLAGS = --tap

tests_tmpdir = $(abs_top_builddir)/tests/tmp
AM_TESTS_ENVIRONMENT = \
  SPCAT='$(abs_top_builddir)/src/spcat/spcat$(EXEEXT)'; export SPCAT; \
  SPTEE='$(abs_top_builddir)/src/sptee/sptee$(EXEEXT)'; export SPTEE; \
  SPCOPY='$(abs_top_builddir)/src/spcopy/spcopy$(EXEEXT)'; export SPCOPY; \
  HELPER='$(abs_top_builddir)/tests/helper-io$(EXEEXT)'; export HELPER; \
  HELPER_LIBRARY='$(abs_top_builddir)/tests/helper-library$(EXEEXT)'; export HELPER_LIBRARY; \
  CC='$(CC)'; export CC; \
  top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
  top_builddir='$(abs_top_builddir)'; export top_builddir; \
  TMPDIR='$(tests_tmpdir)'; export TMPDIR; \
  HOME='$(tests_tmpdir)'; export HOME; \
  $(MKDIR_P) '$(tests_tmpdir)';

# Every fault, at every call, and how many that were.
check-faults: all
	@status=0; \
	FAULTS=all $(MAKE) $(AM_MAKEFLAGS) check TESTS='$(filter tests/faults%,$(TESTS_BATS))' || status=$$?; \
	awk '/^# [0-9]+ faults: / { sum += $$2 } END { print sum + 0, "faults tried" }' tests/faults*.log; \
	exit $$status

# Generated cases from SEED on for TIME seconds, and the long ones of the tests.
TIME = 3600
SEED = 1
check-long: all $(check_PROGRAMS)
	@$(AM_TESTS_ENVIRONMENT) '$(srcdir)/tests/differential' --seed $(SEED) --time $(TIME)
	@LONG=1 $(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/constant.bats

# Random pipelines under signals for SOAK seconds.
SOAK = 60
check-soak: all $(check_PROGRAMS)
	@$(AM_TESTS_ENVIRONMENT) '$(srcdir)/tests/soak' $(SOAK) $(SEED)

# Under other kernels, in qemu: the oldest and the newest of Debian's archive, or KERNELS.
KERNELS =
check-kernels: all $(check_PROGRAMS)
	@top_builddir='$(abs_top_builddir)' '$(srcdir)/tests/kernels' $(KERNELS) || { status=$$?; test $$status -eq 77 || exit $$status; }

# The threads, in a build of their own under ThreadSanitizer, which holds signals
# back while splice(2) waits: without tests/test-io.
THREADS_TESTS = tests/test-threads tests/test-library tests/test-pump
check-threads:
	$(MKDIR_P) check-threads
	test -f check-threads/config.status || \
	  (cd check-threads && '$(abs_top_srcdir)/configure' -q CC='$(CC)' CFLAGS='-O1 -g -fsanitize=thread')
	$(MAKE) -C check-threads -s all
	cd check-threads && ROUNDS=1000 $(MAKE) -s check TESTS='$(THREADS_TESTS)'
	cd check-threads && $(MAKE) -s check TESTS=tests/sptee.bats \
	  AM_BATS_LOG_FLAGS="--tap -f '(same time|in turn|many outputs|slow sink)'"

# The library's tests under valgrind: every byte of memory is given back.
check-valgrind: all
	VALGRIND=yes ROUNDS=8 $(MAKE) $(AM_MAKEFLAGS) check TESTS='tests/test-io tests/test-library tests/test-pump tests/test-threads' \
	  LOG_COMPILER='valgrind -q --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all --error-exitcode=7'

.PHONY: check-faults check-kernels check-long check-soak check-threads check-valgrind

clean-local:
	rm -rf tests/tmp check-threads
