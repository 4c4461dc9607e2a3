# examples/local.mk - the examples: built and tested by `make check', installed as text.
# SPDX-License-Identifier: MIT

examplesdir = $(docdir)/examples
dist_examples_DATA = \
  examples/README \
  examples/cat.c \
  examples/cp.c \
  examples/http.c \
  examples/logsplit.c \
  examples/proxy.c \
  examples/tee.c

EXAMPLES = examples/cat examples/cp examples/http examples/logsplit examples/proxy examples/tee
check_PROGRAMS += $(EXAMPLES)

# They see what an installed header gives, and no config.h.
examples_cppflags = -I$(top_srcdir)/src/iosplice -D_FILE_OFFSET_BITS=64
examples_cat_CPPFLAGS = $(examples_cppflags)
examples_cp_CPPFLAGS = $(examples_cppflags)
examples_http_CPPFLAGS = $(examples_cppflags)
examples_logsplit_CPPFLAGS = $(examples_cppflags)
examples_proxy_CPPFLAGS = $(examples_cppflags)
examples_tee_CPPFLAGS = $(examples_cppflags)

# What is installed builds them, in every way that a user may ask for.
installcheck-local:
	@for way in shared static lto c++; do \
	  CC='$(CC)' PKG_CONFIG_PATH='$(DESTDIR)$(pkgconfigdir)' PKG_CONFIG_SYSROOT_DIR='$(DESTDIR)' \
	    $(SHELL) '$(top_srcdir)/tests/build-examples' $$way '$(DESTDIR)$(examplesdir)' || test $$? -eq 77 || exit 1; \
	done
