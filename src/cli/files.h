/* files.h - opening and closing without stepping on descriptors 0, 1 and 2.

   SPDX-License-Identifier: MIT */

#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <fcntl.h>
#include <sys/types.h>

/* open(2), O_CLOEXEC added, resumed after EINTR, with a descriptor of at
   least 3 whatever the caller found closed.  Returns and errno as open(2),
   or of fcntl(2) F_DUPFD_CLOEXEC.  */
int cli_open (const char *name, int flags, mode_t mode);

/* How many bytes the regular file FD holds behind its position, or -1 if it
   is something else.  */
off_t bytes_left (int fd);

#endif
